import { collectFields } from '../../../src/pades/form.ts';
import { signPdf } from '../../../src/pades/sign.ts';
import { openPdf } from '../../../src/pdf/document.ts';
import { appendRevision, signByHand } from '../revision.ts';
import { OBJECTS, plainPdf } from '../sources.ts';
import { AT, EVIL_STREAM, FORM, WIDGET, type Victim, catalog } from '../victim.ts';
import type { Attack } from './attack.ts';

/** The victim's document, certified. */
const certified = (victim: Victim, certify: 1 | 2 | 3): Promise<Uint8Array> =>
  signPdf(victim.source, victim.signer, { signedAt: AT, certify });

const NOTE = '<< /Type /Annot /Subtype /FreeText /Rect [50 700 500 800] /Contents (99) >>';
const FIELDS = `7 0 R ${WIDGET} 0 R`;
/** A signature field whose value is no signature. */
const sneaky = (value: string): Readonly<Record<number, string>> => ({
  6: `<< /Fields [${FIELDS} 61 0 R] /SigFlags 3 >>`,
  8: `[${FIELDS} 61 0 R]`,
  60: value,
  61: '<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /V 60 0 R /Rect [0 0 595 842] /P 3 0 R /AP << /N 62 0 R >> >>',
  62: EVIL_STREAM,
});

/** Evil annotation and sneaky signature attacks (EAA, SSA), and what else a certification forbids. */
export const CERTIFICATION_ATTACKS: readonly Attack[] = [
  {
    name: 'EAA: text annotation on a document certified with P=3',
    rule: 'annotations',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      appendRevision(await certified(victim, 3), { 8: `[${FIELDS} 60 0 R]`, 60: NOTE }),
    says: /annotations: Annot FreeText was added/,
  },
  {
    name: 'EAA: stamp annotation that hides itself by its flags',
    rule: 'annotations',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      appendRevision(await certified(victim, 3), {
        8: `[${FIELDS} 60 0 R]`,
        60: '<< /Type /Annot /Subtype /Stamp /F 2 /Rect [50 700 500 800] >>',
      }),
    says: /annotations: Annot Stamp was added/,
  },
  {
    name: 'EAA: redaction drawn under the other annotations',
    rule: 'annotations',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      appendRevision(await certified(victim, 2), {
        8: `[60 0 R ${FIELDS}]`,
        60: '<< /Type /Annot /Subtype /Redact /Rect [50 700 500 800] >>',
      }),
    says: /annotations: Annot Redact was added/,
  },
  {
    name: 'EAA: annotations drawn in another order',
    rule: 'annotations',
    verdict: 'TOTAL-FAILED',
    forge: (victim) => appendRevision(victim.signed, { 8: `[${WIDGET} 0 R 7 0 R]` }),
    says: /annotations/,
  },
  {
    name: 'SSA: signature field whose value is a stream',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => appendRevision(await certified(victim, 2), sneaky(EVIL_STREAM)),
    says: /something other than a valid signature/,
  },
  {
    name: 'SSA: signature field whose value has neither /ByteRange nor /Contents',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      appendRevision(await certified(victim, 2), sneaky('<< /Type /Sig /Filter /Adobe.PPKLite >>')),
    says: /something other than a valid signature/,
  },
  {
    name: 'SSA: empty signature field that shows something',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => appendRevision(await certified(victim, 2), sneaky('null')),
    says: /something other than a valid signature/,
  },
  {
    name: 'SSA: signature of a stranger over the whole page',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: async (victim) =>
      signByHand(await certified(victim, 2), await victim.hostile.issue({ commonName: 'X' }), {
        rect: '[0 0 595 842]',
        widgetExtra: '/AP << /N 62 0 R >>',
        objects: { 62: EVIL_STREAM },
      }),
    says: /covers 100 % of its page/,
  },
  {
    name: 'SSA: the same in two halves',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const rects = ['[0 0 297 420]', '[297 0 595 420]'];
      let pdf: Uint8Array = await certified(victim, 2);
      for (const [index, rect] of rects.entries()) {
        pdf = await signByHand(pdf, victim.mallory, { first: 60 + 10 * index, rect });
      }
      return pdf;
    },
    says: /with others, covers 50 % of its page/,
  },
  {
    name: 'SSA: the page made small, so that the widget seems to be',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const cropped = OBJECTS[3]?.replace('/Annots', '/CropBox [0 0 200 200] /Annots') ?? '';
      return signByHand(await victim.sign(plainPdf({ 3: cropped })), victim.mallory, {
        rect: '[0 0 200 200]',
      });
    },
    says: /covers 100 % of its page/,
  },
  {
    name: 'SSA: signature with an action of its own (/AA)',
    rule: 'widget',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        widgetExtra: '/AA << /PO << /S /JavaScript /JS (x) >> >>',
      }),
    says: /brings an action/,
  },
  {
    name: 'SSA: text field among the kids of a group of signatures',
    rule: 'fields',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: `<< /Fields [${FIELDS} 60 0 R] /SigFlags 3 >>`,
        60: '<< /T (group) /Kids [61 0 R] >>',
        61: '<< /T (x) /FT /Tx /V (99) /Parent 60 0 R >>',
      }),
    says: /something other than a valid signature/,
  },
  {
    name: 'certification P=1: signed again',
    rule: 'permission',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => signByHand(await certified(victim, 1), victim.mallory),
    says: /DocMDP P=1/,
  },
  {
    name: 'certification P=1: metadata changed',
    rule: 'permission',
    verdict: 'INDETERMINATE',
    forge: async (victim) =>
      appendRevision(await certified(victim, 1), { 60: '<< /A 1 >>' }, { trailer: '/Info 60 0 R' }),
    says: /Info.*DocMDP P=1/,
  },
  {
    name: 'certification P=2: form filled in',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) =>
      appendRevision(await certified(victim, 2), {
        7: OBJECTS[7]?.replace('(100)', '(900)') ?? '',
      }),
    says: /field "amount"\) was filled in or changed; after a signature no form filling/,
  },
  {
    name: 'certification: taken out of the catalog (/Perms)',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const pdf = await certified(victim, 1);
      return appendRevision(pdf, { 1: OBJECTS[1] ?? '' });
    },
    says: /Perms was changed/,
  },
  {
    name: 'certification: made by a second signer',
    rule: 'permission',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        signatureExtra:
          '/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 3 /V /1.2 >> >>]',
      }),
    says: /certifies a document that was signed before/,
  },
  {
    name: 'FieldMDP: locked empty field signed',
    rule: 'permission',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const field = '<< /FT /Sig /T (Hand) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] >>';
      const source = plainPdf({ 6: '<< /Fields [7 0 R 61 0 R] >>', 61: field });
      const lockFields = { include: ['Hand'] };
      const locked = await signPdf(source, victim.signer, { signedAt: AT, lockFields });
      const fields = collectFields(openPdf(locked)).map(({ number }) => `${number} 0 R`);
      const form = `<< /Fields [${fields.join(' ')}] /SigFlags 3 >>`;
      return signByHand(locked, victim.mallory, { objects: { 6: form } });
    },
    says: /field "Hand" was signed although an earlier signature locks it \(FieldMDP\)/,
  },
  {
    name: 'FieldMDP: all fields locked, another signature added',
    rule: 'permission',
    verdict: 'INDETERMINATE',
    forge: async (victim) =>
      signByHand(
        await signPdf(victim.source, victim.signer, { signedAt: AT, lockFields: 'all' }),
        victim.mallory,
      ),
    says: /FieldMDP/,
  },
  {
    name: 'layers added, to be switched by the reader',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: (victim) =>
      appendRevision(victim.signed, { 1: catalog('/OCProperties << /OCGs [] /D << >> >>') }),
    says: /OCProperties was changed/,
  },
  {
    name: 'fonts of the form replaced under a text field',
    rule: 'fields',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      appendRevision(victim.signed, {
        6: FORM.replace('>>', '/DR << /Font << /Helv 60 0 R >> >> >>'),
        60: '<< /Type /Font /Subtype /Type3 >>',
      }),
    says: /DR was added, which may change how fields look/,
  },
];
