import { oddToken, oddTstInfo } from '../../support/odd-token.ts';
import { appendRevision, signByHand } from '../revision.ts';
import { OBJECTS, plainPdf } from '../sources.ts';
import { EVIL_STREAM, type Victim, catalog, page } from '../victim.ts';
import type { Attack } from './attack.ts';

const FORM_XOBJECT =
  '<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length 2 >>\nstream\n%a\nendstream';
const EVIL_XOBJECT = FORM_XOBJECT.replace('%a', '%b');
const EMPTY_FIELD = '/FT /Sig /T (Seal) /Type /Annot /Subtype /Widget /Rect [0 0 0 0]';

/** The page with these named resources, which its content could draw. */
const drawing = (resources: string): string => page('/Font <<', `/XObject ${resources} /Font <<`);

/** A document whose page draws with other parts of the file; no program of ours would sign it. */
function prepared(victim: Victim, objects: Readonly<Record<number, string>>): Promise<Buffer> {
  return signByHand(plainPdf(objects), victim.signer);
}

/** Objects that are two things at once: one that may change, and one that is drawn. */
export const CONFUSION_ATTACKS: readonly Attack[] = [
  {
    name: 'confusion: drawn under the name /Metadata',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, {
        3: drawing('<< /Metadata 20 0 R >>'),
        20: FORM_XOBJECT,
      });
      return appendRevision(target, { 20: EVIL_XOBJECT });
    },
    says: /object 20 \(XObject Form\) was changed/,
  },
  {
    name: 'confusion: drawn under the name /DR',
    rule: 'object',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const target = await prepared(victim, { 3: drawing('<< /DR 20 0 R >>'), 20: FORM_XOBJECT });
      return appendRevision(target, { 20: EVIL_XOBJECT });
    },
    says: /object 20 \(XObject Form\) was changed/,
  },
  {
    name: 'confusion: the resources call themselves a page',
    rule: 'object',
    verdict: 'INDETERMINATE',
    forge: async (victim) => {
      const target = await prepared(victim, {
        3: drawing('20 0 R'),
        20: '<< /Type /Page /Metadata 21 0 R >>',
        21: FORM_XOBJECT,
      });
      return appendRevision(target, { 20: '<< /Type /Page /Metadata 30 0 R >>', 30: EVIL_XOBJECT });
    },
    says: /page \/Metadata was changed/,
  },
  {
    name: 'confusion: the same, changed under the name /Tabs',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, {
        3: drawing('20 0 R'),
        20: '<< /Type /Page /Tabs 21 0 R >>',
        21: FORM_XOBJECT,
      });
      return appendRevision(target, { 20: '<< /Type /Page /Tabs 30 0 R >>', 30: EVIL_XOBJECT });
    },
    says: /object 20 \(Page\) was changed/,
  },
  {
    name: 'confusion: the same, hidden under the name /Annots',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, {
        3: drawing('20 0 R'),
        20: '<< /Type /Page /Annots 21 0 R >>',
        21: FORM_XOBJECT,
      });
      return appendRevision(target, { 20: '<< /Type /Page /Annots [] >>' });
    },
    says: /object 20 \(Page\) was changed/,
  },
  {
    name: 'confusion: the catalog serves as resources',
    rule: 'catalog',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, {
        1: catalog('/Metadata 20 0 R'),
        3: drawing('1 0 R'),
        20: FORM_XOBJECT,
      });
      return appendRevision(target, { 1: catalog('/Metadata 30 0 R'), 30: EVIL_XOBJECT });
    },
    says: /the catalog was changed, and something else than the file uses it/,
  },
  {
    name: 'confusion: page content calls itself a cross-reference stream',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, { 4: EVIL_STREAM.replace('<<', '<< /Type /XRef') });
      return appendRevision(target, {
        4: EVIL_STREAM.replace('<<', '<< /Type /XRef').replace('so 99', 'so 77'),
      });
    },
    says: /object 4 \(XRef\) was changed/,
  },
  {
    name: 'confusion: resources call themselves one, to hide an empty reference',
    rule: 'dangling',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, {
        3: drawing('20 0 R'),
        20: '<< /Type /XRef /Im 50 0 R >>',
      });
      return appendRevision(target, { 50: EVIL_XOBJECT });
    },
    says: /new object 50 fills a reference that led nowhere/,
  },
  {
    name: 'confusion: an empty signature field serves as resources',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const target = await prepared(victim, {
        3: drawing('25 0 R'),
        6: '<< /Fields [7 0 R 25 0 R] >>',
        25: `<< ${EMPTY_FIELD} /MK 20 0 R >>`,
        20: FORM_XOBJECT,
      });
      return signByHand(target, victim.mallory, {
        first: 24,
        widgetExtra: '/MK 70 0 R',
        objects: { 6: '<< /Fields [7 0 R 25 0 R 61 0 R] /SigFlags 3 >>', 70: EVIL_XOBJECT },
      });
    },
    says: /object 25 \(field "Seal"\) was filled in or changed/,
  },
  {
    name: 'confusion: catalog with two page trees, of which one is replaced',
    rule: 'object',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const twoTrees = OBJECTS[1]?.replace('/Pages 2 0 R', '/Pages 20 0 R /Pages 2 0 R') ?? '';
      const source = { 1: twoTrees, 20: OBJECTS[2] ?? '' };
      const target = await prepared(victim, source);
      return appendRevision(target, { 20: '<< /Type /Pages /Kids [] /Count 0 >>' });
    },
    says: /object 20 \(Pages\) was changed/,
  },
  {
    name: 'widget: names a page of its own that is larger',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        rect: '[0 0 595 842]',
        widgetExtra: '/AP << /N 71 0 R >>',
        page: '70 0 R',
        objects: { 70: '<< /MediaBox [0 0 90000 90000] >>', 71: EVIL_STREAM },
      }),
    says: /covers 100 % of its page/,
  },
  {
    name: 'widget: a document time-stamp that shows something small',
    rule: 'widget',
    verdict: 'INDETERMINATE',
    forge: (victim) =>
      signByHand(victim.signed, victim.mallory, {
        subFilter: 'ETSI.RFC3161',
        rect: '[60 750 200 790]',
        widgetExtra: '/AP << /N 71 0 R >>',
        objects: { 71: EVIL_STREAM },
        contents: (content) => oddToken(victim.tsaSigner, oddTstInfo(content)),
      }),
    says: /document time-stamp "Hand" shows something/,
  },
  {
    name: 'widget: an annotation that was signed unseen comes up as that of a signature',
    rule: 'widget',
    verdict: 'TOTAL-FAILED',
    forge: async (victim) => {
      const note = '<< /Type /Annot /Subtype /FreeText /Rect [50 700 500 800] /Contents (99) >>';
      const target = await prepared(victim, { 20: note });
      return signByHand(target, victim.mallory, {
        first: 80,
        widgetExtra: '/Kids [20 0 R]',
        objects: { 8: '[7 0 R 61 0 R 81 0 R 20 0 R]' },
      });
    },
    says: /is shown as FreeText/,
  },
];
