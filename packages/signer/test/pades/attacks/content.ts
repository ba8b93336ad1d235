import { signPdf } from '../../../src/pades/sign.ts';
import { appendRevision, replaceText, signByHand } from '../revision.ts';
import { OBJECTS, plainPdf } from '../sources.ts';
import { EVIL_BYTES, EVIL_STREAM, FORM, WIDGET, catalog, page } from '../victim.ts';
import type { Attack } from './attack.ts';

/** Incremental saving and shadow attacks: something else is shown. */
export const CONTENT_ATTACKS: readonly Attack[] = [
  // Incremental saving: something else is shown.
  {
    name: 'ISA: page content replaced',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 4: EVIL_STREAM }),
    says: /object 4 \(stream\) was changed/,
  },
  {
    name: 'ISA: page content appended',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        3: page('/Contents 4 0 R', '/Contents [4 0 R 40 0 R]'),
        40: EVIL_STREAM,
      }),
    says: /object 3 \(Page\)/,
  },
  {
    name: 'ISA: font replaced',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 5: '<< /Type /Font /Subtype /Type3 >>' }),
    says: /object 5/,
  },
  {
    name: 'ISA: page size changed',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 3: page('0 0 595 842', '0 0 595 100') }),
    says: /object 3/,
  },
  {
    name: 'ISA: annotation added to the array',
    rule: 'annotations',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        8: `[7 0 R ${WIDGET} 0 R 40 0 R]`,
        40: '<< /Type /Annot /Subtype /FreeText /Rect [0 0 500 800] /Contents (evil) >>',
      }),
    says: /object 8/,
  },
  {
    name: 'ISA: annotation added to the page',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        3: page('/Annots 8 0 R', `/Annots [7 0 R ${WIDGET} 0 R 40 0 R]`),
        40: '<< /Type /Annot /Subtype /Stamp >>',
      }),
    says: /object 3/,
  },
  {
    name: 'ISA: annotation removed',
    rule: 'annotations',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 8: `[${WIDGET} 0 R]` }),
    says: /object 8/,
  },
  {
    name: 'ISA: field value changed',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 7: OBJECTS[7]?.replace('(100)', '(900)') ?? '' }),
    says: /object 7/,
  },
  {
    name: 'ISA: appearance of a field added',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        7: OBJECTS[7]?.replace('/V', '/AP << /N 40 0 R >> /V') ?? '',
        40: EVIL_STREAM,
      }),
    says: /object 7/,
  },
  {
    name: 'ISA: empty signature field added',
    rule: 'fields',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R 40 0 R] /SigFlags 3 >>`,
        40: '<< /FT /Sig /T (x) /Subtype /Widget >>',
      }),
    says: /form fields/,
  },
  {
    name: 'ISA: text field added',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: `<< /Fields [7 0 R ${WIDGET} 0 R 40 0 R] /SigFlags 3 >>`,
        40: '<< /FT /Tx /T (x) >>',
      }),
    says: /form fields/,
  },
  {
    name: 'ISA: appearances to be drawn anew',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 6: FORM.replace('>>', '/NeedAppearances true >>') }),
    says: /NeedAppearances/,
  },
  {
    name: 'ISA: page added',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        2: '<< /Type /Pages /Kids [3 0 R 40 0 R] /Count 2 >>',
        40: '<< /Type /Page /Parent 2 0 R >>',
      }),
    says: /object 2/,
  },
  {
    name: 'ISA: JavaScript added',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 1: catalog('/OpenAction << /S /JavaScript /JS (x) >>') }),
    says: /OpenAction/,
  },
  {
    name: 'ISA: names replaced',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 9: '<< /JavaScript << /Names [] >> >>' }),
    says: /object 9/,
  },
  {
    name: 'ISA: document saved in between',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      signPdf(appendRevision(victim.signed, { 4: EVIL_STREAM }), victim.mallory, {
        signedAt: new Date(0),
      }),
    says: /object 4/,
  },
  {
    name: 'ISA: change in the same revision as a second signature',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => signByHand(victim.signed, victim.mallory, { objects: { 4: EVIL_STREAM } }),
    says: /object 4/,
  },
  {
    name: 'ISA: second signature with an action',
    rule: 'widget',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        widgetExtra: '/A << /S /URI /URI (http://x) >>',
      }),
    says: /brings an action/,
  },
  {
    name: 'ISA: second signature shown as something else',
    rule: 'widget',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, { widgetExtra: '/Subtype /Stamp' }),
    says: /repeats a key/,
  },
  {
    name: 'ISA: second signature that covers the page',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        rect: '[0 0 595 842]',
        widgetExtra: '/AP << /N 40 0 R >>',
        objects: { 40: EVIL_STREAM },
      }),
    says: /covers 100 % of its page/,
  },
  {
    name: 'ISA: second signature is broken',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      replaceText(await signByHand(victim.signed, victim.mallory), '/T (Hand)', '/T (Fake)'),
    says: /form fields/,
  },
  // Shadow attacks: prepared before signing.
  {
    name: 'shadow: object deleted (hide)',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, {}, { free: [7] }),
    says: /object 7 was deleted/,
  },
  {
    name: 'shadow: dangling reference filled (replace)',
    rule: 'dangling',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const prepared = plainPdf({ 4: '[13 0 R 14 0 R]', 13: EVIL_STREAM });
      const target = await victim.sign(prepared);
      return appendRevision(target, { 14: EVIL_STREAM });
    },
    says: /fills a reference that led nowhere/,
  },
  {
    name: 'shadow: stream length stands elsewhere',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const prepared = plainPdf({
        4: EVIL_STREAM.replace(`/Length ${EVIL_BYTES}`, '/Length 13 0 R'),
        13: String(EVIL_BYTES),
      });
      return appendRevision(await victim.sign(prepared), { 13: '1' });
    },
    says: /object 13/,
  },
  {
    name: 'shadow: old object revived inside signed bytes',
    rule: 'xref',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
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
    says: /redirected into signed bytes/,
  },
  {
    name: 'shadow: metadata that is page content too',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const prepared = plainPdf({ 1: catalog('/Metadata 4 0 R') });
      return appendRevision(await victim.sign(prepared), { 4: EVIL_STREAM });
    },
    says: /object 4/,
  },
  {
    name: 'shadow: validation data that are page content too',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
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
    says: /object 14/,
  },
];
