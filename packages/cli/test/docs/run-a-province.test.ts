import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findNatsServer } from '@congvan/bus';
import { describe, expect, it } from 'vitest';

import { makeReport } from './make-report.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

const GUIDE = 'how-to/run-a-province.md';

describe('docs/how-to/run-a-province.md', () => {
  it(
    'brings up a province with ten agencies as it stands: TLS, documents, receipts, share, revocation',
    async () => {
      await using folder = await createGuideFolder();
      await writeFile(join(folder.path, 'report.pdf'), await makeReport());
      const script = (await blocksOf(GUIDE)).join('\n');
      const [PORT, MONITOR, DESK] = await Promise.all([freePort(), freePort(), freePort()]);
      const { code, output } = await runScript(folder.path, script, {
        NATS_SERVER: (await findNatsServer()).path,
        PORT: String(PORT),
        MONITOR: String(MONITOR),
        DESK: String(DESK),
      });
      if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
      expect(output).toContain('refused: exit 7');
      expect(output.match(/^folder .*offices.agents/gmu)).toHaveLength(10);
      expect(output).toMatch(/01 arrived.*03 accepted.*06 done/su);
      expect(output.match(/^H50\.\d\d .* 01 arrived/gmu)).toHaveLength(9);
      expect(output).toMatch(/^all +2 +0 +1 +66\.6 %/mu);
      expect(output).toMatch(/TLS certificate: 39\d days left/u);
      expect(output).toContain('a message was written and read');
      expect(output).toMatch(/broker +tls:.*its connection is closed/u);
      expect(output).toMatch(/revoked tls/u);
    },
    GUIDE_LIMIT_MS,
  );
});
