import fc from 'fast-check';

import { type AgencyCode, type Site, TIERS, isAgencyCode } from '../src/index.ts';

const group = fc.stringMatching(/^[0-9A-Z]{1,6}$/);

export const arbitraryCode: fc.Arbitrary<AgencyCode> = fc
  .array(group, { minLength: 1, maxLength: 4 })
  .map((groups) => groups.join('.'))
  .filter(isAgencyCode);

export const arbitrarySite: fc.Arbitrary<Site> = fc.stringMatching(/^[A-Z0-9]{1,8}$/);
export const arbitraryTier = fc.constantFrom(...TIERS);

// oxlint-disable-next-line no-control-regex -- what XML 1.0 forbids
const FORBIDDEN_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Every text that XML 1.0 can hold, dense in the characters that break writers. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom('&', '<', '>', '"', "'", '&amp;', '&lt;', '&#13;', ']]>', '<![CDATA[', '-->'),
      fc.constantFrom('\t', '\n', '\r', '\r\n', ' ', '\u00a0', '\u0085', '\u2028', '\ufeff'),
      fc.constantFrom('Đ', 'ế', 'e\u0302\u0301', '😀', '\ufffd', '\u007f', '\u009f'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .map((text) => text.toWellFormed().replace(FORBIDDEN_IN_XML, '?'));
