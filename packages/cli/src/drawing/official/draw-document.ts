import { PDFDocument, PDFName, PDFString } from 'pdf-lib';

import { layOutBody } from '../body.ts';
import { layOutClosing } from './closing.ts';
import { layOutHeading } from './heading.ts';
import { AREA, STYLE } from '../layout.ts';
import type { OfficialDocument } from './official-document.ts';
import { addPage, PAGE } from '../page-writer.ts';
import { paginate } from '../pagination.ts';
import { embedTypefaces, loadTypefaces } from '../typefaces.ts';

const PRODUCER = 'Congvan';

/**
 * Draws an official document in the layout of Decree 30/2020/NĐ-CP, appendix I: A4, letterhead, number
 * and symbol, place and date, type and abstract, body, recipients and signatory; pages are numbered from
 * the second on. The same document gives the same bytes.
 *
 * @returns the unsigned PDF.
 * @throws {@link CliError} `CLI_UNSUPPORTED` when a text has a letter that the font subset lacks.
 */
export async function drawDocument(document: OfficialDocument): Promise<Uint8Array> {
  const typefaces = await loadTypefaces();
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const fonts = await embedTypefaces(pdf, typefaces);
  describe(pdf, document);

  const body = layOutBody(document.body, typefaces, document.look);
  // The signature takes the text's last lines along when it moves to another page.
  const tail = body.slice(-2).map((item) => ({ ...item, keepWithNext: true }));
  const items = [
    ...layOutHeading(document, typefaces),
    ...body.slice(0, -2),
    ...tail,
    layOutClosing(document, typefaces),
  ];
  const pages = paginate(items, { firstTop: AREA.top, top: AREA.top, bottom: AREA.bottom });
  pages.forEach((placed, index) => {
    const writer = addPage(pdf, typefaces, fonts);
    if (index > 0) {
      const y = PAGE.height - (PAGE.height - AREA.top) * 0.72;
      writer.centred(`${index + 1}`, PAGE.width / 2, y, STYLE.pageNumber);
    }
    for (const { item, top } of placed) item.draw({ writer, typefaces }, top);
  });
  return pdf.save({ useObjectStreams: true, addDefaultPage: false });
}

function describe(pdf: PDFDocument, document: OfficialDocument): void {
  const { codeNumber, codeNotation, abstract } = document;
  const isNumbered = codeNumber.trim() !== '';
  pdf.setTitle(isNumbered ? `${codeNumber}/${codeNotation}: ${abstract}` : abstract);
  pdf.setAuthor(document.agencyLines.join(' '));
  pdf.setProducer(PRODUCER);
  pdf.setCreator(PRODUCER);
  const issuedAt = new Date(`${document.issuedOn}T00:00:00+07:00`);
  pdf.setCreationDate(issuedAt);
  pdf.setModificationDate(issuedAt);
  pdf.catalog.set(PDFName.of('Lang'), PDFString.of(document.language === 'en' ? 'en' : 'vi-VN'));
}
