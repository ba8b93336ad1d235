import { nameOfStatus } from '@congvan/bus';
import type { CoverInput } from '@congvan/bus/evidence';
import { PDFDocument, PDFName, PDFString } from 'pdf-lib';

import type { Block } from './blocks.ts';
import { type BodyLook, layOutBody } from './body.ts';
import { drawableBlock } from './drawable.ts';
import { AREA, STYLE } from './layout.ts';
import { PAGE, addPage } from './page-writer.ts';
import { paginate } from './pagination.ts';
import { type Typefaces, embedTypefaces, loadTypefaces } from './typefaces.ts';
import { evidenceEn } from '../messages/evidence/en.ts';
import type { EvidenceTexts } from '../messages/evidence/en.ts';
import { evidenceVi } from '../messages/evidence/vi.ts';
import { formatDay, formatTime } from '../terminal/time.ts';

type Language = 'vi' | 'en';

const TEXTS: Readonly<Record<Language, EvidenceTexts>> = { vi: evidenceVi, en: evidenceEn };
/** Rows of one table; a document for a thousand agencies has more receipts than anyone reads. */
const MAX_ROWS = 500;
const MAX_FINGERPRINTS = 60;

const LOOK: BodyLook = {
  body: { face: 'regular', size: 11 },
  basis: { face: 'italic', size: 11 },
  heading: { face: 'bold', size: 12 },
  tableHead: { face: 'bold', size: 9 },
  tableCell: { face: 'regular', size: 9 },
  firstIndent: 0,
};

/** The cover sheets of an evidence file, one a language: what it proves, in words and tables. */
export async function drawCover(
  input: CoverInput,
): Promise<{ name: string; mediaType: string; bytes: Uint8Array }[]> {
  const typefaces = await loadTypefaces();
  const sheets: { name: string; mediaType: string; bytes: Uint8Array }[] = [];
  for (const language of ['vi', 'en'] as const) {
    const bytes = await drawSheet(input, language, typefaces);
    sheets.push({ name: `cover-${language}.pdf`, mediaType: 'application/pdf', bytes });
  }
  return sheets;
}

async function drawSheet(
  input: CoverInput,
  language: Language,
  typefaces: Typefaces,
): Promise<Uint8Array> {
  const texts = TEXTS[language];
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const fonts = await embedTypefaces(pdf, typefaces);
  pdf.setTitle(texts.cover.title);
  pdf.setProducer('Congvan');
  pdf.setCreationDate(input.exportedAt);
  pdf.setModificationDate(input.exportedAt);
  pdf.catalog.set(PDFName.of('Lang'), PDFString.of(language));
  const blocks = coverBlocks(input, texts, language).map((block) =>
    drawableBlock(block, typefaces, LOOK),
  );
  const title = layOutBody([{ kind: 'heading', text: texts.cover.title }], typefaces, {
    ...LOOK,
    heading: STYLE.typeName,
  });
  const items = [...title, ...layOutBody(blocks, typefaces, LOOK)];
  const pages = paginate(items, { firstTop: AREA.top, top: AREA.top, bottom: AREA.bottom });
  pages.forEach((placed, index) => {
    const writer = addPage(pdf, typefaces, fonts);
    const place = `${index + 1}/${pages.length}`;
    writer.centred(place, PAGE.width / 2, AREA.bottom / 2, LOOK.tableCell);
    for (const { item, top } of placed) item.draw({ writer, typefaces }, top);
  });
  return await pdf.save({ useObjectStreams: true, addDefaultPage: false });
}

function coverBlocks(input: CoverInput, texts: EvidenceTexts, language: Language): Block[] {
  const { cover, roles } = texts;
  const { exporter, exportedAt, lacking } = input;
  const missing = lacking.map((one) => texts.lacking[one]).join('; ');
  return [
    paragraph(
      cover.intro(agency(input, exporter.code), roles[exporter.role], formatTime(exportedAt)),
    ),
    heading(cover.document),
    documentTable(input, texts),
    heading(cover.deliveries),
    deliveryTable(input, texts, language),
    heading(cover.records),
    recordTable(input, texts),
    heading(cover.fingerprints),
    fingerprintTable(input, texts),
    ...(missing === '' ? [] : [paragraph(`${cover.lacking}: ${missing}.`)]),
    heading(cover.check),
    paragraph(cover.checkText(input.timeStamped)),
  ];
}

function documentTable({ facts, ...input }: CoverInput, { cover }: EvidenceTexts): Block {
  const { document, number, issuedOn, documentType, abstract, sentAt } = facts;
  const rows: readonly (readonly [string, string | null])[] = [
    [cover.from, agency(input, document.from)],
    [cover.number, number],
    [cover.issuedOn, issuedOn === null ? null : formatDay(issuedOn)],
    [cover.documentType, documentType],
    [cover.abstract, abstract],
    [cover.documentId, document.documentId],
    [cover.packageDigest, document.packageDigest],
    [cover.sentAt, sentAt === null ? null : formatTime(new Date(sentAt))],
  ];
  return table(
    [
      [cover.field, 0.3],
      [cover.value, 0.7],
    ],
    rows.flatMap(([title, value]) => (value === null ? [] : [[title, value]])),
  );
}

function deliveryTable(input: CoverInput, { cover }: EvidenceTexts, language: Language): Block {
  const rows: string[][] = [];
  for (const { to, receipts, withdrawn } of input.facts.deliveries) {
    const who = agency(input, to);
    if (receipts.length === 0 && withdrawn === null) rows.push([who, cover.nothingHeard, '', '']);
    receipts.forEach(({ status, at, reasonCode, reason, incoming }, index) => {
      const number = incoming && cover.incoming(`${incoming.number}/${incoming.year}`);
      const remark = [number, reasonCode, reason].filter((one) => one !== undefined).join('; ');
      const step = `${status} ${nameOfStatus(status, language)}`;
      rows.push([index === 0 ? who : '', step, formatTime(new Date(at)), remark]);
    });
    if (withdrawn !== null) {
      const remark = [withdrawn.cause, withdrawn.reason].filter((one) => one !== undefined);
      rows.push([who, cover.withdrawn, formatTime(new Date(withdrawn.at)), remark.join('; ')]);
    }
  }
  for (const { name, reason } of input.facts.paper) rows.push([name, cover.paper, '', reason]);
  return table(
    [
      [cover.recipient, 0.32],
      [cover.step, 0.2],
      [cover.at, 0.22],
      [cover.remark, 0.26],
    ],
    shorten(rows, cover),
  );
}

function recordTable(input: CoverInput, { cover, kinds, timeFrom }: EvidenceTexts): Block {
  const rows = input.records.map(({ kind, content, at, timeFrom: from, name }) => [
    `${kinds[kind]} (${name})`,
    content.type === 'directory' ? '' : content.payload.from,
    `${formatTime(at)}, ${timeFrom[from]}`,
  ]);
  return table(
    [
      [cover.record, 0.42],
      [cover.author, 0.18],
      [cover.storedAt, 0.4],
    ],
    shorten(rows, cover),
  );
}

function fingerprintTable(input: CoverInput, { cover }: EvidenceTexts): Block {
  const { facts, exporter, certificatesOf } = input;
  const codes = new Set([
    exporter.code as string,
    facts.document.from,
    ...facts.deliveries.map(({ to }) => to),
  ]);
  const rows = [...codes].flatMap((code) =>
    certificatesOf(code).map((sha256) => [agency(input, code), sha256]),
  );
  return table(
    [
      [cover.agency, 0.32],
      [cover.fingerprint, 0.68],
    ],
    rows.slice(0, MAX_FINGERPRINTS),
  );
}

function shorten(rows: string[][], cover: EvidenceTexts['cover']): string[][] {
  if (rows.length <= MAX_ROWS) return rows;
  return [...rows.slice(0, MAX_ROWS), [cover.rowsLeftOut(rows.length - MAX_ROWS)]];
}

function agency({ nameOf }: Pick<CoverInput, 'nameOf'>, code: string): string {
  const name = nameOf(code);
  return name === null ? code : `${name} (${code})`;
}

function heading(text: string): Block {
  return { kind: 'heading', text };
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}

function table(columns: readonly (readonly [string, number])[], rows: string[][]): Block {
  return {
    kind: 'table',
    columns: columns.map(([title, share]) => ({ title, share, align: 'left' })),
    rows,
  };
}
