import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { KEY_PASSPHRASE, openStatsHome } from '../stats-home.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, runScript } from './run-guide.ts';

it(
  'docs/how-to/report-the-share.md runs as it stands',
  async () => {
    await using folder = await createGuideFolder();
    await using home = await openStatsHome();
    const write = async (name: string, bytes: Uint8Array): Promise<void> => {
      const file = join(folder.path, 'trust', name);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, bytes);
    };
    await write('anchors/root.crt', home.pki.root.der);
    await write('intermediates/issuing.crt', home.pki.issuing.der);
    await write('crls/root.crl', home.pki.rootCrl().der);
    await write('crls/issuing.crl', home.pki.crl().der);
    await writeFile(join(folder.path, 'passphrase'), `${KEY_PASSPHRASE}\n`, { mode: 0o600 });
    const congvan = 'congvan() { node_modules/.bin/congvan "$@"; }';

    const script = [congvan, ...(await blocksOf('how-to/report-the-share.md'))].join('\n');
    const { code, output } = await runScript(folder.path, script, { CONGVAN_HOME: home.home });

    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output).toMatch(/^H01\.40 Ủy ban nhân dân xã Vĩnh Tế +2 +0 +3 +≥ 40\.0 % +60\.0 %/mu);
    expect(output).toMatch(/^H01\.40 Ủy ban nhân dân xã Vĩnh Tế +register +4–5\/2026/mu);
    expect(output).toContain('TOTAL-PASSED');
    expect(output).toMatch(/^27$/mu);
  },
  GUIDE_LIMIT_MS,
);
