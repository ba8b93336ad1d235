import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

// oxlint-disable-next-line no-restricted-imports -- tests of the bus and of the command share this month
import { makeDisturbedMonth } from '../../../bus/test/relay/traffic/disturbed-month.ts';
import { runCli } from '../run-cli.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, runScript } from './run-guide.ts';

const PASSPHRASE = 'a passphrase of the relay';

it(
  'docs/how-to/check-the-figures.md runs as it stands, and a false file is told with what is false',
  async () => {
    await using folder = await createGuideFolder();
    const { town } = await makeDisturbedMonth(3, PASSPHRASE);
    await using _town = town;
    const home = join(folder.path, 'congvan');
    const anchors = join(folder.path, 'trust', 'anchors');
    await mkdir(home);
    await mkdir(anchors, { recursive: true });
    await symlink(town.home, join(home, 'relay'));
    await writeFile(join(anchors, 'root.crt'), town.pki.root.der);
    await writeFile(join(folder.path, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
    const registrar = town.registrar.certificate.sha256;
    const env = { CONGVAN_HOME: home, REGISTRAR: registrar };
    const congvan = 'congvan() { node_modules/.bin/congvan "$@"; }';

    const script = [congvan, ...(await blocksOf('how-to/check-the-figures.md'))].join('\n');
    const { code, output } = await runScript(folder.path, script, env);

    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output).toContain('2026-10 is published');
    expect(output).toContain('every published figure comes out of the records again');
    expect(output).toMatch(/^true$/mu);
    expect(output).toMatch(/ARRIVAL_ALTERED {2}[A-Z0-9.]+, report \d+, record 11:.*line 12\)/u);
    expect(output).toContain('exit status 3');
    expect(output).toContain('figures as signed');

    const listed = await runCli(['audit', 'publications', '--home', home, '--lang', 'en']);
    expect(listed.err).toContain('GET /api/v1/publications/2026-10/file');

    const file = join(folder.path, 'october.zip');
    const trust = join(folder.path, 'trust');
    const without = await runCli(['audit', 'recompute', file, '--trust', trust, '--lang', 'en']);
    expect(without.code).toBe(5);
    expect(without.err).toContain('never take it from the audit file itself');
    const mistyped = ['--lang', 'en', '--registrar', `0${registrar.slice(1)}`];
    const other = await runCli(['audit', 'recompute', file, '--trust', trust, ...mistyped]);
    expect(other.code).toBe(9);
    expect(other.err).toContain('letter by letter');
    const vietnamese = ['--lang', 'vi', '--registrar', registrar];
    const said = await runCli(['audit', 'recompute', file, '--trust', trust, ...vietnamese]);
    expect(said.code).toBe(0);
    expect(said.out).toContain('mọi số liệu đã công bố đều tính lại được');
  },
  GUIDE_LIMIT_MS,
);
