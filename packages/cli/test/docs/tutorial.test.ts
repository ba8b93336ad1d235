import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { makeReport } from './make-report.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, runScript } from './run-guide.ts';

it(
  'runs as it stands in docs/tutorial/first-document.md',
  async () => {
    await using folder = await createGuideFolder();
    await writeFile(join(folder.path, 'report.pdf'), await makeReport());
    const commands = await blocksOf('tutorial/first-document.md');
    const { code, output } = await runScript(folder.path, commands.join('\n'));
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output).toContain('TOTAL-PASSED');
    expect(output).toMatch(/01.*03.*06/s);
    expect(output).toMatch(/50/);
  },
  GUIDE_LIMIT_MS,
);
