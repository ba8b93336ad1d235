import type { Block } from '../blocks.ts';
import type { BodyLook } from '../body.ts';

/** What stands in an official document, in the order of Decree 30/2020/NĐ-CP, appendix I. */
export interface OfficialDocument {
  /** Governing agency, printed above the issuing agency; a province's committee has none. */
  readonly parentAgency?: string;
  /** The issuing agency's name, one or more lines: `Ủy ban nhân dân`, `xã Phước Hòa`. */
  readonly agencyLines: readonly string[];
  readonly codeNumber: string;
  readonly codeNotation: string;
  /** Left out where nobody has named one. */
  readonly place?: string;
  /** `YYYY-MM-DD`. */
  readonly issuedOn: string;
  /** Name of the type (`Báo cáo`); absent for a letter (công văn), which bears its abstract under the number. */
  readonly typeName?: string;
  readonly abstract: string;
  /** Printed in a frame: `KHẨN`, `THƯỢNG KHẨN`, `HỎA TỐC`. */
  readonly urgencyMark?: string;
  /** `Kính gửi:`. */
  readonly addressees?: readonly string[];
  readonly body: readonly Block[];
  /** `Nơi nhận:`, without the closing line. */
  readonly recipients: readonly string[];
  /** What follows `Lưu:`. */
  readonly archive: string;
  readonly signatory: Signatory;
  /** How the body is set, where it is not as the decree has it for letters. */
  readonly look?: BodyLook;
  /** Of the words that stand in every document; Vietnamese unless told. */
  readonly language?: 'vi' | 'en';
}

export interface Signatory {
  /** Competence and position, one line each: `TM. ỦY BAN NHÂN DÂN`, `CHỦ TỊCH`. */
  readonly titleLines: readonly string[];
  readonly fullName: string;
  /** Between position and name, where a signature by hand would stand. */
  readonly remarks?: readonly string[];
}
