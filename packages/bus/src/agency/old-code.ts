import { BusError } from '../errors.ts';
import {
  type AgencyCode,
  hasOldForm,
  invalidCode,
  isAgencyCode,
  parseAgencyCode,
  upperCaseAscii,
} from './code.ts';

/**
 * Turns a 13-character code of QCVN 102:2016 (`000.00.12.H09`) into the code that the table gives.
 *
 * The table alone decides. Reversing the groups and dropping zero groups loses which level was
 * zero, so two old codes can fall together: the computed code only helps the person who reads the error.
 *
 * @param table - old code to new code, as decreed.
 * @throws {@link BusError} `BUS_AGENCY_CODE_INVALID` for another form, or when the table holds a
 *   bad code; `BUS_AGENCY_CODE_UNKNOWN` when the table has no such code.
 */
export function convertOldAgencyCode(old: string, table: ReadonlyMap<string, string>): AgencyCode {
  const text = upperCaseAscii(old.trim());
  if (!hasOldForm(text)) {
    throw invalidCode(old, 'an old code has 13 characters in four groups, such as 000.00.12.H09');
  }
  const found = table.get(text);
  if (found !== undefined) return parseAgencyCode(found);
  const suggestion = suggestAgencyCode(text);
  const hint = suggestion === undefined ? '' : `; by the usual rule it would be ${suggestion}`;
  throw new BusError(
    'BUS_AGENCY_CODE_UNKNOWN',
    `old agency code ${text} is not in the table${hint}`,
    { details: { agencyCode: text, ...(suggestion === undefined ? {} : { suggestion }) } },
  );
}

/** What reversing the groups and dropping zero groups gives: a guess to show, never to act on. */
export function suggestAgencyCode(old: string): AgencyCode | undefined {
  if (!hasOldForm(old)) return undefined;
  const groups = old.split('.').reverse();
  const code = groups.filter((group) => !/^0+$/.test(group)).join('.');
  return isAgencyCode(code) ? code : undefined;
}
