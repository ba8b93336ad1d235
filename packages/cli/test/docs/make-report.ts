import { PDFDocument, StandardFonts } from 'pdf-lib';

/** The PDF that guides call `report.pdf`. */
export async function makeReport(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.TimesRoman);
  document.addPage([595, 842]).drawText('Bao cao quy III', { x: 72, y: 760, size: 13, font });
  return await document.save();
}
