import type { CastAgency } from '../agencies.ts';
import type { Block } from '../../drawing/blocks.ts';

/** A document that another one refers to. */
export interface DocumentReference {
  readonly issuer: CastAgency;
  readonly codeNumber: string;
  readonly codeNotation: string;
  /** `YYYY-MM-DD`. */
  readonly issuedOn: string;
}

export interface TextContext {
  readonly from: CastAgency;
  readonly to: readonly CastAgency[];
  readonly former?: DocumentReference | undefined;
}

/** The part of a document that its author writes; letterhead, number and signatory come from elsewhere. */
export interface DocumentText {
  /** As in the register: `Báo cáo`, `Công văn`. */
  readonly typeName: string;
  /** Abbreviation of the type in the symbol (`BC` in `BC-UBND`); absent for a letter. */
  readonly typeSymbol?: string;
  readonly abstract: string;
  readonly urgencyMark?: string;
  readonly body: readonly Block[];
}

export type TextWriter = (context: TextContext) => DocumentText;

export function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}

export function basis(text: string): Block {
  return { kind: 'basis', text };
}

export function heading(text: string): Block {
  return { kind: 'heading', text };
}

/** `12/BC-UBND ngày 05/02/2026 của UBND xã Phước Hòa`. */
export function citeDocument(reference: DocumentReference | undefined): string {
  if (reference === undefined) return 'nêu trên';
  const [year, month, day] = reference.issuedOn.split('-');
  const code = `${padNumber(reference.codeNumber)}/${reference.codeNotation}`;
  return `số ${code} ngày ${day}/${month}/${year} của ${reference.issuer.shortName}`;
}

/** Numbers below 10 are written with a leading zero (Decree 30/2020, appendix I). */
export function padNumber(codeNumber: string): string {
  return codeNumber.padStart(2, '0');
}
