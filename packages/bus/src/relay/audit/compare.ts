import { z } from 'zod';

import { agencyCode, count, digest, ordinal } from '../../record/field.ts';
import type { PublicationStore } from '../storage/publication-store.ts';
import { sectionLines } from './compose.ts';
import type { Findings } from './finding.ts';
import {
  type ChainLine,
  type ContradictionLine,
  type FigureLine,
  differences,
  isFigureLine,
  rowName,
} from './lines.ts';
import type { PublicationHead, Section } from './publication.ts';

/** What a publication says and what came out of the records, side by side. */
export interface Comparison {
  /** Lines of a section as published, in the file. */
  readonly published: (section: Section) => AsyncIterable<string>;
  /** The publication in the auditor's own database. */
  readonly store: PublicationStore;
  readonly head: PublicationHead;
  /** What the same publication would say if its relay had counted as the auditor did. */
  readonly recomputed: PublicationHead;
  readonly partOf: (section: Section) => string;
  readonly findings: Findings;
}

/** How the figures of one publication compare. */
export interface ComparedFigures {
  /** Numbers compared. */
  readonly figures: number;
  readonly differing: number;
}

/** Numbers of missing reports that are named one by one. */
const MAX_NUMBERS_NAMED = 20;

const CHAIN_FIELDS = [
  'up_to',
  'up_to_hash',
  'highest',
  'highest_hash',
  'broken_at',
  'missing_reports',
] as const;
const chainLine = z.strictObject({
  agency: agencyCode,
  up_to: count,
  up_to_hash: digest.nullable(),
  highest: count,
  highest_hash: digest,
  broken_at: ordinal.nullable(),
  missing: z.array(z.tuple([ordinal, ordinal])),
  missing_reports: count,
});
const contradictionLine = z.strictObject({
  agency: agencyCode,
  report: ordinal,
  kind: z.string().max(60),
  payload_sha256: digest,
  detail: z.string().max(2_000),
});

/** Compares every published figure to the last digit. */
export async function compareFigures(comparison: Comparison): Promise<ComparedFigures> {
  const { store, head, findings, partOf } = comparison;
  const own = new Map<string, string>();
  for (const text of sectionLines(store.pieces(head.sequence, 'figures'))) {
    own.set(rowName(readLine(text) ?? { by: 'all', key: '' }), text);
  }
  let [figures, differing, line] = [0, 0, 0];
  const compareRow = (published: FigureLine | undefined, recomputed: FigureLine | undefined) => {
    const row = published ?? recomputed;
    if (row === undefined) return;
    for (const [field, [said, found]] of Object.entries(differences(published, recomputed))) {
      differing += 1;
      const agency = row.by === 'agency' ? row.key : null;
      const figure = { row: rowName(row), field, published: said, recomputed: found };
      const detail = `${head.month}, ${figure.row}, ${field}: published ${show(said)}, recomputed ${show(found)}`;
      const where = published === undefined ? {} : { line };
      findings.add('FIGURE_DIFFERS', detail, { agency, part: partOf('figures'), figure, ...where });
    }
  };
  for await (const text of comparison.published('figures')) {
    line += 1;
    const published = readLine(text);
    if (published === undefined) {
      findings.add('PUBLICATION_ALTERED', 'it is no row of figures', {
        part: partOf('figures'),
        line,
      });
      continue;
    }
    const name = rowName(published);
    const recomputed = own.get(name);
    own.delete(name);
    figures += countOf(published);
    if (text === recomputed) continue;
    const before = differing;
    compareRow(published, recomputed === undefined ? undefined : readLine(recomputed));
    if (differing > before) continue;
    const detail = `row ${name} is written otherwise than its figures are`;
    findings.add('PUBLICATION_ALTERED', detail, { part: partOf('figures'), line });
  }
  for (const text of own.values()) compareRow(undefined, readLine(text));
  return { figures, differing };
}

/** Chains as they stood: which record is missing, and where a chain runs otherwise. */
export async function compareChains(comparison: Comparison): Promise<void> {
  const { store, head, findings, partOf } = comparison;
  if (isSame(comparison, 'chains')) return;
  const own = new Map<string, ChainLine>();
  for (const text of sectionLines(store.pieces(head.sequence, 'chains'))) {
    const chain = parse(chainLine, text);
    if (chain !== undefined) own.set(chain.agency, chain);
  }
  let line = 0;
  for await (const text of comparison.published('chains')) {
    line += 1;
    const where = { part: partOf('chains'), line };
    const published = parse(chainLine, text);
    if (published === undefined) {
      findings.add('PUBLICATION_ALTERED', 'it is no chain', where);
      continue;
    }
    const found = own.get(published.agency);
    own.delete(published.agency);
    tellMissing(published, found, findings);
    if (found !== undefined) tellHeads(published, found, findings, where);
  }
  for (const { agency, highest } of own.values()) {
    const detail = `${highest} reports are there, and no publication names the chain`;
    findings.add('CHAIN_DIFFERS', detail, { agency });
  }
}

/** Contradictions told and found; a record that is dated back and was not told is named as such. */
export async function compareContradictions(comparison: Comparison): Promise<ContradictionLine[]> {
  const { store, head, findings, partOf } = comparison;
  const keyOf = (one: ContradictionLine): string =>
    `${one.agency} ${one.report} ${one.kind} ${one.payload_sha256}`;
  const own = new Map<string, ContradictionLine>();
  for (const text of sectionLines(store.pieces(head.sequence, 'contradictions'))) {
    const found = parse(contradictionLine, text);
    if (found !== undefined) own.set(keyOf(found), found);
  }
  const told: ContradictionLine[] = [];
  let line = 0;
  for await (const text of comparison.published('contradictions')) {
    line += 1;
    const where = { part: partOf('contradictions'), line };
    const published = parse(contradictionLine, text);
    if (published === undefined) {
      findings.add('PUBLICATION_ALTERED', 'it is no contradiction', where);
      continue;
    }
    const { agency, report, kind, detail } = published;
    if (own.delete(keyOf(published))) told.push(published);
    else findings.add('CONTRADICTION_DIFFERS', `${kind} was told: ${detail}`, { agency, report });
  }
  for (const { agency, report, kind, detail } of own.values()) {
    const isBackdated = kind === 'REPORT_BACKDATED' || kind === 'NUMBER_BACKDATED';
    const said = isBackdated ? detail : `${kind} was not told: ${detail}`;
    findings.add(isBackdated ? 'RECORD_BACKDATED' : 'CONTRADICTION_DIFFERS', said, {
      agency,
      report,
    });
  }
  return told;
}

/** A correction must say what it really changes, and why. */
export function compareChanges(comparison: Comparison): void {
  if (isSame(comparison, 'changes')) return;
  const detail = 'what the correction says to change is not what changes';
  comparison.findings.add('CHANGE_DIFFERS', detail, { part: comparison.partOf('changes') });
}

function isSame({ head, recomputed }: Comparison, section: Section): boolean {
  return head.sections[section].sha256 === recomputed.sections[section].sha256;
}

function tellMissing(published: ChainLine, found: ChainLine | undefined, findings: Findings): void {
  const { agency, highest } = published;
  const tail: Range = [(found?.highest ?? 0) + 1, highest];
  let named = 0;
  for (const range of [...(found?.missing ?? []), tail]) {
    for (const report of numbersOutside(range, published.missing)) {
      if (named >= MAX_NUMBERS_NAMED) return;
      named += 1;
      if (findings.names(agency, report)) continue;
      const detail = `report ${report} of ${highest} had arrived and is not among the records`;
      findings.add('RECORD_MISSING', detail, { agency, report });
    }
  }
}

type Range = readonly [first: number, last: number];

/** Numbers of a range that lie in none of some others, which are in order. */
function* numbersOutside([first, last]: Range, others: readonly Range[]): Generator<number> {
  let number = first;
  for (const [from, to] of others) {
    for (; number < from && number <= last; number += 1) yield number;
    number = Math.max(number, to + 1);
  }
  for (; number <= last; number += 1) yield number;
}

function tellHeads(
  published: ChainLine,
  found: ChainLine,
  findings: Findings,
  where: { readonly part: string; readonly line: number },
): void {
  const { agency } = published;
  for (const field of CHAIN_FIELDS) {
    if (published[field] === found[field]) continue;
    const detail = `${field}: published ${show(published[field])}, found ${show(found[field])}`;
    findings.add('CHAIN_DIFFERS', detail, { agency, ...where });
  }
}

function readLine(text: string): FigureLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFigureLine(value) ? value : undefined;
  } catch {
    return undefined; // told by the caller with its line
  }
}

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // told by the caller with its line
  }
}

/** Every number and switch of a row. */
function countOf({ figures }: FigureLine): number {
  let counted = 2; // agencies, agencies_silent
  for (const value of Object.values<unknown>({ ...figures })) {
    counted += typeof value === 'object' && value !== null ? Object.keys(value).length : 1;
  }
  return counted;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
