import { deflateSync } from 'node:zlib';

import { PDFDocument, PDFHexString, PDFName, PDFString } from 'pdf-lib';

import { rewriteWithQpdf } from './tools.ts';

/** A PDF drawn by pdf-lib, with a cross-reference table or with object streams. */
export async function drawPdf(options: { streams: boolean; pages?: number }): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  for (let page = 0; page < (options.pages ?? 2); page++) {
    document.addPage([595, 842]).drawText(`Cong van ${page + 1}`, { x: 60, y: 760 });
  }
  return document.save({ useObjectStreams: options.streams });
}

/** Writes objects as a classic PDF; object numbers are the keys. */
export function writePdf(
  objects: Readonly<Record<number, string>>,
  trailer = '/Root 1 0 R',
): Uint8Array {
  const numbers = Object.keys(objects).map(Number);
  const size = Math.max(...numbers) + 1;
  let text = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
  const offsets = new Map<number, number>();
  for (const number of numbers) {
    offsets.set(number, text.length);
    text += `${number} 0 obj\n${objects[number]}\nendobj\n`;
  }
  const startXref = text.length;
  text += `xref\n0 ${size}\n`;
  for (let number = 0; number < size; number++) {
    const offset = offsets.get(number);
    text +=
      offset === undefined
        ? '0000000000 65535 f \n'
        : `${String(offset).padStart(10, '0')} 00000 n \n`;
  }
  text += `trailer\n<< /Size ${size} ${trailer} >>\nstartxref\n${startXref}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

const CONTENT = 'BT /F1 24 Tf 60 760 Td (Cong van so 12) Tj ET';

/** A small document with every part an attacker might want to touch. */
export const OBJECTS: Readonly<Record<number, string>> = {
  1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Names 9 0 R >>',
  2: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 8 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
  4: `<< /Length ${CONTENT.length} >>\nstream\n${CONTENT}\nendstream`,
  5: '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  6: '<< /Fields [7 0 R] >>',
  7: '<< /Type /Annot /Subtype /Widget /FT /Tx /T (amount) /V (100) /Rect [60 600 200 620] /F 4 /P 3 0 R >>',
  8: '[7 0 R]',
  9: '<< /Dests << /Names [] >> >>',
};

export function plainPdf(changes: Readonly<Record<number, string>> = {}): Uint8Array {
  return writePdf({ ...OBJECTS, ...changes });
}

/**
 * A hybrid-reference file (ISO 32000-1 §7.5.8.4) as MS Word writes it: what old readers can do
 * without stands in an object stream that only the cross-reference stream knows; the table calls
 * it free.
 */
export function hybridPdf(): Uint8Array {
  const objects: Record<number, string> = {
    ...OBJECTS,
    1: OBJECTS[1]?.replace('>>', '/StructTreeRoot 12 0 R >>') ?? '',
    12: '<< /Type /StructTreeRoot >>',
  };
  const hidden = [9, 12] as const;
  const bodies = hidden.map((number) => objects[number] ?? '');
  const head = `9 0 12 ${(bodies[0]?.length ?? 0) + 1} `;
  const packed = deflateSync(Buffer.from(head + bodies.join(' '), 'latin1')).toString('latin1');
  let text = '%PDF-1.5\n%\xe2\xe3\xcf\xd3\n';
  const offsets = new Map<number, number>();
  const add = (number: number, body: string): void => {
    offsets.set(number, text.length);
    text += `${number} 0 obj\n${body}\nendobj\n`;
  };
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) add(number, objects[number] ?? '');
  const parameters = `/N 2 /First ${head.length} /Filter /FlateDecode /Length ${packed.length}`;
  add(10, `<< /Type /ObjStm ${parameters} >>\nstream\n${packed}\nendstream`);
  const rows = String.fromCharCode(2, 0, 10, 0, 2, 0, 10, 1);
  const streamOffset = text.length;
  const dict = `/Type /XRef /Size 13 /W [1 2 1] /Index [9 1 12 1] /Root 1 0 R /Length ${rows.length}`;
  add(11, `<< ${dict} >>\nstream\n${rows}\nendstream`);
  const startXref = text.length;
  text += 'xref\n0 13\n';
  for (let number = 0; number < 13; number++) {
    const offset = offsets.get(number);
    text +=
      offset === undefined
        ? '0000000000 65535 f \n'
        : `${String(offset).padStart(10, '0')} 00000 n \n`;
  }
  text += `trailer\n<< /Size 13 /Root 1 0 R /XRefStm ${streamOffset} >>\nstartxref\n${startXref}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/** Every kind of file that must be signed without harm, by name. */
export async function allSources(): Promise<[name: string, pdf: Uint8Array][]> {
  const table = await drawPdf({ streams: false });
  const streams = await drawPdf({ streams: true });
  return [
    ['cross-reference table', table],
    ['object streams', streams],
    ['linearized', rewriteWithQpdf(table, '--linearize')],
    [
      'linearized with object streams',
      rewriteWithQpdf(table, '--linearize', '--object-streams=generate'),
    ],
    ['object streams by qpdf', rewriteWithQpdf(table, '--object-streams=generate')],
    ['form with indirect arrays', plainPdf()],
    [
      'form with indirect arrays, streams',
      rewriteWithQpdf(plainPdf(), '--object-streams=generate'),
    ],
    ['hybrid', hybridPdf()],
    ['no line end at the end', table.subarray(0, Buffer.from(table).lastIndexOf('%%EOF') + 5)],
    ['zero bytes at the end', Buffer.concat([table, Buffer.alloc(100)])],
  ];
}

const XMP = `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`;

/**
 * What PDF/A adds to a file: metadata that say so, an output intent and a file identifier. Whether it
 * is valid PDF/A is not the question here; a drawing without text needs no font.
 */
export async function archivalPdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage([595, 842]).drawRectangle({ x: 60, y: 700, width: 200, height: 60 });
  const { context, catalog } = document;
  const metadata = context.stream(Buffer.from(XMP), { Type: 'Metadata', Subtype: 'XML' });
  catalog.set(PDFName.of('Metadata'), context.register(metadata));
  const intent = context.obj({ Type: 'OutputIntent', S: 'GTS_PDFA1' });
  intent.set(PDFName.of('OutputConditionIdentifier'), PDFString.of('sRGB IEC61966-2.1'));
  catalog.set(PDFName.of('OutputIntents'), context.obj([intent]));
  const id = PDFHexString.of('00112233445566778899AABBCCDDEEFF');
  context.trailerInfo.ID = context.obj([id, id]);
  return document.save({ useObjectStreams: false });
}

/** A file of about so many bytes, most of them in one stream that is not compressed. */
export function largePdf(bytes: number): Uint8Array {
  const content = `${'% a line of a drawing that says nothing\n'.repeat(bytes / 40)}${CONTENT}`;
  return plainPdf({ 4: `<< /Length ${content.length} >>\nstream\n${content}\nendstream` });
}
