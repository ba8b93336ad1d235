import { BusError } from '../errors.ts';

declare const agencyCodeBrand: unique symbol;

/** An agency code that was checked: groups of `0-9A-Z` joined by dots, level 1 first, such as `H09.12.034`. */
export type AgencyCode = string & { readonly [agencyCodeBrand]: true };

/** Decision 20/2020/QĐ-TTg: a code has at most 35 characters, the dots included. */
export const MAX_AGENCY_CODE_LENGTH = 35;
/** Decision 20/2020/QĐ-TTg: four levels, from the ministry or province down to the unit. */
export const MAX_AGENCY_LEVELS = 4;

const CANONICAL = /^[0-9A-Z]+(?:\.[0-9A-Z]+){0,3}$/;
/** Old form of QCVN 102:2016: 13 characters, level 4 first, as in `000.00.12.H09`. */
const OLD_FORM = /^[0-9]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Z][0-9]{2}$/;
const MAX_QUOTED_LENGTH = 60;

/**
 * Reads an agency code as people type it: surrounding space is dropped and lower case raised.
 *
 * Source: Decision 20/2020/QĐ-TTg. The 13-character form of QCVN 102:2016 has the levels the other
 * way round, so it is refused here and goes through {@link convertOldAgencyCode}.
 *
 * @throws {@link BusError} `BUS_AGENCY_CODE_INVALID`; the message says what is wrong and where.
 */
export function parseAgencyCode(text: string): AgencyCode {
  const code = text.trim().normalize('NFC');
  const fault = findFault(code) ?? findFormFault(upperCaseAscii(code));
  if (fault !== undefined) throw invalidCode(text, fault);
  const upper = upperCaseAscii(code);
  if (!isAgencyCode(upper)) throw invalidCode(text, 'it is not a code of Decision 20/2020');
  return upper;
}

/** True only for the canonical form; `h09` is not one although {@link parseAgencyCode} reads it. */
export function isAgencyCode(text: string): text is AgencyCode {
  return text.length <= MAX_AGENCY_CODE_LENGTH && CANONICAL.test(text) && !OLD_FORM.test(text);
}

/** Level 1 is a ministry or province (`H09`), level 4 the smallest unit. */
export function levelOfCode(code: AgencyCode): number {
  return code.split('.').length;
}

/** The code as one subject token: `H09.12.034` becomes `H09-12-034`; a code never holds `-` itself. */
export function codeToToken(code: AgencyCode): string {
  if (!isAgencyCode(code)) throw invalidCode(code, 'it was never checked');
  return code.replaceAll('.', '-');
}

/**
 * The code that {@link codeToToken} turned into `token`.
 *
 * @throws {@link BusError} `BUS_AGENCY_CODE_INVALID` when no code has this token.
 */
export function tokenToCode(token: string): AgencyCode {
  const code = tokenToCodeOrUndefined(token);
  if (code === undefined) throw invalidCode(token, 'no agency code has this subject token');
  return code;
}

/** As {@link tokenToCode}, for readers of foreign subjects to whom a bad token is no surprise. */
export function tokenToCodeOrUndefined(token: string): AgencyCode | undefined {
  if (token.includes('.')) return undefined;
  const code = token.replaceAll('-', '.');
  return isAgencyCode(code) ? code : undefined;
}

/** True for the 13-character form of QCVN 102:2016, upper case: `000.00.12.H09`. */
export function hasOldForm(text: string): boolean {
  return OLD_FORM.test(text);
}

export function invalidCode(text: string, fault: string): BusError {
  const cut = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  const quoted = JSON.stringify(cut).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapePoint);
  return new BusError('BUS_AGENCY_CODE_INVALID', `bad agency code ${quoted}: ${fault}`, {
    details: { agencyCode: quoted },
  });
}

/** `String.toUpperCase` would turn `ı` into `I` and `ß` into `SS`: only ASCII letters are raised. */
export function upperCaseAscii(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

function findFault(code: string): string | undefined {
  if (code === '') return 'it is empty';
  if (code.length > MAX_AGENCY_CODE_LENGTH) {
    return `it has ${code.length} characters, at most ${MAX_AGENCY_CODE_LENGTH} are allowed`;
  }
  const bad = /[^0-9A-Za-z.]/u.exec(code);
  if (bad !== null) return describeCharacter(bad[0], bad.index + 1);
  const groups = code.split('.');
  const empty = groups.indexOf('');
  if (empty !== -1) return `group ${empty + 1} of ${groups.length} is empty`;
  if (groups.length > MAX_AGENCY_LEVELS) {
    return `it has ${groups.length} levels, at most ${MAX_AGENCY_LEVELS} are allowed`;
  }
  return undefined;
}

function findFormFault(code: string): string | undefined {
  if (!OLD_FORM.test(code)) return undefined;
  return 'it has the old 13-character form, whose levels run the other way; look its new code up in the table';
}

function hexPoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

function escapePoint(character: string): string {
  return `\\u{${hexPoint(character)}}`;
}

function describeCharacter(character: string, position: number): string {
  const point = hexPoint(character);
  if (/\s/u.test(character)) return `it has white space (U+${point}) at position ${position}`;
  if (/[\p{Cc}\p{Cf}]/u.test(character)) {
    return `it has an invisible character (U+${point}) at position ${position}`;
  }
  const letter = /\p{L}|\p{M}/u.test(character)
    ? ', letters carry no diacritics: only A-Z, 0-9 and dots are allowed'
    : ', only A-Z, 0-9 and dots are allowed';
  return `it has "${character}" (U+${point}) at position ${position}${letter}`;
}
