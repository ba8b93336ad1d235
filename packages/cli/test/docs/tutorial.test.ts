import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PDFDocument, StandardFonts } from 'pdf-lib';
import { expect, it } from 'vitest';

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

async function makeReport(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.TimesRoman);
  document.addPage([595, 842]).drawText('Bao cao quy III', { x: 72, y: 760, size: 13, font });
  return await document.save();
}
