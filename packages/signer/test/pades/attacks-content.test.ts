import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import { appendRevision, replaceText, signByHand } from './revision.ts';
import { OBJECTS, plainPdf } from './sources.ts';
import {
  EVIL_BYTES,
  EVIL_STREAM,
  FORM,
  type Victim,
  WIDGET,
  catalog,
  createVictim,
  page,
  textOf,
} from './victim.ts';

let victim: Victim;

beforeAll(async () => {
  victim = await createVictim();
});
/** One forged file per name; the pattern must stand in what the report says. */
const FORGERIES: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>, RegExp])[] = [
  // Incremental saving: something else is shown.
  [
    'ISA: page content replaced',
    () => appendRevision(victim.signed, { 4: EVIL_STREAM }),
    /object 4 \(stream\) was changed/,
  ],
  [
    'ISA: page content appended',
    () =>
      appendRevision(victim.signed, {
        3: page('/Contents 4 0 R', '/Contents [4 0 R 40 0 R]'),
        40: EVIL_STREAM,
      }),
    /object 3 \(Page\)/,
  ],
  [
    'ISA: font replaced',
    () => appendRevision(victim.signed, { 5: '<< /Type /Font /Subtype /Type3 >>' }),
    /object 5/,
  ],
  [
    'ISA: page size changed',
    () => appendRevision(victim.signed, { 3: page('0 0 595 842', '0 0 595 100') }),
    /object 3/,
  ],
  [
    'ISA: annotation added to the array',
    () =>
      appendRevision(victim.signed, {
        8: `[7 0 R ${WIDGET} 0 R 40 0 R]`,
        40: '<< /Type /Annot /Subtype /FreeText /Rect [0 0 500 800] /Contents (evil) >>',
      }),
    /object 8/,
  ],
  [
    'ISA: annotation added to the page',
    () =>
      appendRevision(victim.signed, {
        3: page('/Annots 8 0 R', `/Annots [7 0 R ${WIDGET} 0 R 40 0 R]`),
        40: '<< /Type /Annot /Subtype /Stamp >>',
      }),
    /object 3/,
  ],
  [
    'ISA: annotation removed',
    () => appendRevision(victim.signed, { 8: `[${WIDGET} 0 R]` }),
    /object 8/,
  ],
  [
    'ISA: field value changed',
    () => appendRevision(victim.signed, { 7: OBJECTS[7]?.replace('(100)', '(900)') ?? '' }),
    /object 7/,
  ],
  [
    'ISA: appearance of a field added',
    () =>
      appendRevision(victim.signed, {
        7: OBJECTS[7]?.replace('/V', '/AP << /N 40 0 R >> /V') ?? '',
        40: EVIL_STREAM,
      }),
    /object 7/,
  ],
  [
    'ISA: empty signature field added',
    () =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R 40 0 R] /SigFlags 3 >>`,
        40: '<< /FT /Sig /T (x) /Subtype /Widget >>',
      }),
    /form fields/,
  ],
  [
    'ISA: text field added',
    () =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R 40 0 R] /SigFlags 3 >>`,
        40: '<< /FT /Tx /T (x) >>',
      }),
    /form fields/,
  ],
  [
    'ISA: appearances to be drawn anew',
    () => appendRevision(victim.signed, { 6: FORM.replace('>>', '/NeedAppearances true >>') }),
    /NeedAppearances/,
  ],
  [
    'ISA: page added',
    () =>
      appendRevision(victim.signed, {
        2: '<< /Type /Pages /Kids [3 0 R 40 0 R] /Count 2 >>',
        40: '<< /Type /Page /Parent 2 0 R >>',
      }),
    /object 2/,
  ],
  [
    'ISA: JavaScript added',
    () => appendRevision(victim.signed, { 1: catalog('/OpenAction << /S /JavaScript /JS (x) >>') }),
    /OpenAction/,
  ],
  [
    'ISA: names replaced',
    () => appendRevision(victim.signed, { 9: '<< /JavaScript << /Names [] >> >>' }),
    /object 9/,
  ],
  [
    'ISA: document saved in between',
    () =>
      signPdf(appendRevision(victim.signed, { 4: EVIL_STREAM }), victim.mallory, {
        signedAt: new Date(0),
      }),
    /object 4/,
  ],
  [
    'ISA: change in the same revision as a second signature',
    () => signByHand(victim.signed, victim.mallory, { objects: { 4: EVIL_STREAM } }),
    /object 4/,
  ],
  [
    'ISA: second signature with an action',
    () =>
      signByHand(victim.signed, victim.mallory, {
        widgetExtra: '/A << /S /URI /URI (http://x) >>',
      }),
    /brings an action/,
  ],
  [
    'ISA: second signature shown as something else',
    () => signByHand(victim.signed, victim.mallory, { widgetExtra: '/Subtype /Stamp' }),
    /repeats a key/,
  ],
  [
    'ISA: second signature that covers the page',
    () =>
      signByHand(victim.signed, victim.mallory, {
        rect: '[0 0 595 842]',
        widgetExtra: '/AP << /N 40 0 R >>',
        objects: { 40: EVIL_STREAM },
      }),
    /covers 100 % of its page/,
  ],
  [
    'ISA: second signature is broken',
    async () =>
      replaceText(await signByHand(victim.signed, victim.mallory), '/T (Hand)', '/T (Fake)'),
    /form fields/,
  ],
  // Shadow attacks: prepared before signing.
  [
    'shadow: object deleted (hide)',
    () => appendRevision(victim.signed, {}, { free: [7] }),
    /object 7 was deleted/,
  ],
  [
    'shadow: dangling reference filled (replace)',
    async () => {
      const prepared = plainPdf({ 4: '[13 0 R 14 0 R]', 13: EVIL_STREAM });
      const target = await victim.sign(prepared);
      return appendRevision(target, { 14: EVIL_STREAM });
    },
    /fills a reference that led nowhere/,
  ],
  [
    'shadow: stream length stands elsewhere',
    async () => {
      const prepared = plainPdf({
        4: EVIL_STREAM.replace(`/Length ${EVIL_BYTES}`, '/Length 13 0 R'),
        13: String(EVIL_BYTES),
      });
      return appendRevision(await victim.sign(prepared), { 13: '1' });
    },
    /object 13/,
  ],
  [
    'shadow: old object revived inside signed bytes',
    async () => {
      const old = `4 0 obj\n${EVIL_STREAM}\nendobj`;
      const prepared = plainPdf({ 13: `<< /Length ${old.length} >>\nstream\n${old}\nendstream` });
      const target = await victim.sign(prepared);
      const forged = appendRevision(target, { 4: EVIL_STREAM }).toString('latin1');
      const offset = String(target.indexOf(old)).padStart(10, '0');
      return Buffer.from(
        forged.replace(/4 1\n\d{10}(?= 00000 n \ntrailer)/, `4 1\n${offset}`),
        'latin1',
      );
    },
    /redirected into signed bytes/,
  ],
  [
    'shadow: metadata that is page content too',
    async () => {
      const prepared = plainPdf({ 1: catalog('/Metadata 4 0 R') });
      return appendRevision(await victim.sign(prepared), { 4: EVIL_STREAM });
    },
    /object 4/,
  ],
  [
    'shadow: validation data that are page content too',
    async () => {
      const prepared = plainPdf({
        1: catalog('/DSS 13 0 R'),
        3: page('/Contents 4 0 R', '/Contents 14 0 R'),
        13: '<< /Type /DSS /Certs 14 0 R >>',
        14: '[4 0 R]',
      });
      return appendRevision(await victim.sign(prepared), {
        14: '[4 0 R 40 0 R]',
        40: EVIL_STREAM,
      });
    },
    /object 14/,
  ],
];

describe('verifyPdf rejects changed content', () => {
  it.each(FORGERIES)('%s', async (_name, forge, reason) => {
    const report = victim.verify(await forge());
    expect(report.indication).not.toBe('TOTAL-PASSED');
    expect(textOf(report)).toMatch(reason);
  });
});
