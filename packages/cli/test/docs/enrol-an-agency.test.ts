import { describe, expect, it } from 'vitest';

import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

const GUIDE = 'how-to/enrol-an-agency.md';

describe('docs/how-to/enrol-an-agency.md', () => {
  it(
    'runs as it stands: enrolled, refused a second time, shut out',
    async () => {
      await using folder = await createGuideFolder();
      const script = (await blocksOf(GUIDE)).join('\n');
      const { code, output } = await runScript(folder.path, script, {
        PORT: String(await freePort()),
      });
      if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
      expect(output).toContain('encryption.p12');
      expect(output).toContain('refused: exit 6');
      expect(output).toContain('its connection is closed');
      expect(output).toMatch(/revoked node/u);
      expect(output).toContain('CREDENTIALS_REVOKED, since');
    },
    GUIDE_LIMIT_MS,
  );
});
