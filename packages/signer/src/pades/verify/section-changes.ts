import {
  PdfDict,
  type PdfValue,
  integerOf,
  nameText,
  numberOf,
  valuesEqual,
} from '../../pdf/values.ts';
import {
  FREE,
  IN_FILE,
  type XrefEntry,
  type XrefSection,
  entryInSection,
  numbersInSection,
} from '../../pdf/xref.ts';
import { findStrayBytes } from '../stray-bytes.ts';
import type { Comparison } from './comparison.ts';
import { checkFrameForm } from './frame-form.ts';

/** Checks the frame of the later revisions, and sorts what they add, change and delete. */
export function checkNewSections(c: Comparison): void {
  const sections = c.final.sections.slice(0, c.final.sections.length - c.signed.sections.length);
  for (const section of sections) checkSection(c, section);
  checkFrameForm(c, sections);
  classifyEntries(c, sections);
  for (const { isObject, text } of findStrayBytes(c.final, sections, c.signed.end)) {
    c.add(isObject ? 'violation' : 'undecided', text);
  }
}

function checkSection(c: Comparison, section: XrefSection): void {
  if (section.offset < c.signed.end) c.add('violation', 'a later revision lies in signed bytes');
  if (section.trailer.entries.has('Encrypt')) c.add('violation', 'encryption was added');
  if (!valuesEqual(section.trailer.get('Root'), c.signed.trailer.get('Root'))) {
    c.add('violation', 'the document catalog was replaced (/Root)');
  }
  checkSize(c, section);
  checkHybrid(c, section);
  const seen = new Set<number>();
  for (const run of section.runs) {
    for (let number = run.first; number < run.first + run.count; number++) {
      if (seen.has(number)) c.add('violation', `object ${number} stands twice in one revision`);
      seen.add(number);
    }
  }
}

/** Viewers ignore objects at or above /Size: a smaller one hides parts of the document. */
function checkSize(c: Comparison, section: XrefSection): void {
  const size = integerOf(section.trailer.get('Size')) ?? 0;
  if (size >= (integerOf(c.signed.trailer.get('Size')) ?? 0)) return;
  for (const signed of c.signed.sections) {
    for (const number of numbersInSection(signed)) {
      if (number >= size && c.signed.entry(number) !== undefined) {
        c.add('violation', 'a later revision declares fewer objects (/Size)');
        return;
      }
    }
  }
}

/**
 * A hybrid section speaks to old and to new readers (ISO 32000-1 §7.5.8.4). Where it tells both of an
 * object they must be told the same, or they show different documents.
 */
function checkHybrid(c: Comparison, section: XrefSection): void {
  const { hidden } = section;
  if (hidden === undefined) return;
  if (hidden.offset < c.signed.end) c.add('violation', 'a later revision lies in signed bytes');
  const seen = new Set<number>();
  for (const number of numbersInSection(hidden)) {
    if (seen.has(number)) c.add('violation', `object ${number} stands twice in one revision`);
    seen.add(number);
    const toNew = entryInSection(hidden, number);
    const toOld = entryInSection({ ...section, hidden: undefined }, number);
    if (toNew === undefined || toNew.kind === FREE || sameEntry(toOld, toNew)) continue;
    // What only new readers know is compared like any other change; old ones see the signed object.
    if (toOld === undefined || toOld.kind === FREE) continue;
    c.add('violation', `a later revision is a hybrid that shows object ${number} in two ways`);
  }
}

/** Sorts what later sections say into added, deleted and changed objects. */
function classifyEntries(c: Comparison, sections: readonly XrefSection[]): void {
  const seen = new Set<number>();
  for (const section of sections) {
    for (const number of numbersInSection(section)) {
      if (seen.has(number)) continue;
      seen.add(number);
      const before = c.signed.entry(number);
      const after = c.final.entry(number);
      if (sameEntry(before, after)) continue;
      if (after === undefined) c.deleted.add(number);
      else if (!liesAfter(c, after)) {
        c.add('violation', `object ${number} was redirected into signed bytes`);
      } else if (before !== undefined) c.unexplained.add(number);
      else classifyNew(c, number);
    }
  }
}

function classifyNew(c: Comparison, number: number): void {
  if (c.survey.counts.has(number)) c.filled.add(number);
  const isRoot = numberOf(c.final.trailer.get('Root')) === number;
  if (!isRoot && isFramePart(c.final.get(number))) {
    c.add('undecided', `new object ${number} is a page or catalog that belongs to no page tree`);
  }
}

/** A new object that pretends to be a document of its own, for viewers that search the file. */
function isFramePart(value: PdfValue): boolean {
  if (!(value instanceof PdfDict)) return false;
  return ['Catalog', 'Pages', 'Page'].includes(nameText(value.get('Type')) ?? '');
}

function sameEntry(a: XrefEntry | undefined, b: XrefEntry | undefined): boolean {
  return a?.kind === b?.kind && a?.position === b?.position && a?.generation === b?.generation;
}

function liesAfter(c: Comparison, entry: XrefEntry): boolean {
  const container = entry.kind === IN_FILE ? entry : c.final.entry(entry.position);
  return container?.kind === IN_FILE && container.position >= c.signed.end;
}
