import type { CastAgency } from './agencies.ts';
import { drawDocument } from '../drawing/official/draw-document.ts';
import type { OfficialDocument } from '../drawing/official/official-document.ts';
import { type DocumentText, padNumber } from './texts/text.ts';

/** What the register assigned. */
export interface AssignedNumber {
  readonly codeNumber: string;
  readonly codeNotation: string;
  /** `YYYY-MM-DD`. */
  readonly issuedOn: string;
}

/** The symbol of a document: `BC-UBND` by its type, `UBND-VP` for a letter (Decree 30/2020, appendix I). */
export function notationOf(from: CastAgency, text: DocumentText): string {
  return text.typeSymbol === undefined
    ? `${from.symbol}-${from.unit}`
    : `${text.typeSymbol}-${from.symbol}`;
}

/** Puts letterhead, number and signatory of the sender around the text, and draws the whole. */
export async function composePdf(input: {
  readonly from: CastAgency;
  readonly to: readonly CastAgency[];
  readonly text: DocumentText;
  readonly assigned: AssignedNumber;
}): Promise<Uint8Array> {
  return drawDocument(composeDocument(input));
}

/** The document as it will be drawn. */
export function composeDocument(input: {
  readonly from: CastAgency;
  readonly to: readonly CastAgency[];
  readonly text: DocumentText;
  readonly assigned: AssignedNumber;
}): OfficialDocument {
  const { from, to, text, assigned } = input;
  const isLetter = text.typeSymbol === undefined;
  const names = to.map((agency) => agency.name);
  // A report, a proposal and a letter address somebody; a plan or a telegram is simply sent out.
  const addressed = isLetter || ['BC', 'TTr'].includes(text.typeSymbol ?? '');
  return {
    ...(from.letterheadParent === undefined ? {} : { parentAgency: from.letterheadParent }),
    agencyLines: from.letterhead,
    codeNumber: padNumber(assigned.codeNumber),
    codeNotation: assigned.codeNotation,
    place: from.place,
    issuedOn: assigned.issuedOn,
    ...(isLetter ? {} : { typeName: text.typeName }),
    abstract: text.abstract,
    ...(text.urgencyMark === undefined ? {} : { urgencyMark: text.urgencyMark }),
    addressees: addressed ? names : [],
    body: text.body,
    recipients: [addressed ? 'Như trên' : shortRecipients(to), 'Lãnh đạo cơ quan (để báo cáo)'],
    archive: from.archive,
    signatory: from.signatory,
  };
}

function shortRecipients(to: readonly CastAgency[]): string {
  return to.map((agency) => agency.shortName).join(', ');
}
