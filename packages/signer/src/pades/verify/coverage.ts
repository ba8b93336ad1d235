import type { PdfDocument } from '../../pdf/document.ts';
import type { LocatedSignature } from '../byte-range.ts';
import { collectFields } from '../form.ts';
import { docMdpLevel, fieldLock, isLocked } from '../mdp.ts';
import { revisionNumber } from '../revision.ts';
import { judgeLaterChanges } from './changes.ts';
import type { ChangeKind, LaterChange, LaterSignature } from './comparison.ts';
import { type Judged, asLater } from './located.ts';
import type { PdfSignatureReport } from './report.ts';

/** A report stays readable however much was changed. */
const MAX_LISTED_CHANGES = 50;
const WORST_FIRST: readonly ChangeKind[] = ['violation', 'undecided', 'warning', 'expected'];

/** Adds what came after the signature; the strict part of the verdict. */
export function judgeCoverage(
  document: PdfDocument,
  judged: Judged,
  all: readonly Judged[],
): PdfSignatureReport {
  const { report, place } = judged;
  if ('problem' in place) return report;
  const { sections, source } = document;
  const index = sections.findIndex((section) => section.offset === place.startXref);
  const isInside = sections
    .slice(index)
    .every(({ end, hidden }) => end <= place.end && (hidden?.end ?? 0) <= place.end);
  if (index < 0 || !isInside) {
    const text = 'the newest revision does not build on the signed one';
    return withChanges(report, [{ kind: 'violation', text }]);
  }
  const revision = revisionNumber(document, index);
  if (place.end === source.bytes.length) return { ...report, revision };
  const later = all.flatMap((other) => {
    const isAfter = !('problem' in other.place) && other.place.end > place.end;
    return isAfter ? (asLater(document, other) ?? []) : [];
  });
  const signed = document.earlierRevision(index, place.end);
  const changes = judgeLaterChanges(document, signed, later);
  return withChanges({ ...report, revision }, [
    ...permissionChanges(signed, place, later, changes),
    ...changes,
  ]);
}

/**
 * What the signature itself forbids afterwards. DocMDP P=1 allows validation data and document
 * time-stamps only (ISO 32000-2 §12.8.2.2). P=2 and P=3 would allow filling in forms and annotations;
 * here nothing but signatures may follow any signature, so they forbid nothing more.
 */
function permissionChanges(
  signed: PdfDocument,
  { dict }: LocatedSignature,
  later: readonly LaterSignature[],
  changes: readonly LaterChange[],
): LaterChange[] {
  const found: LaterChange[] = [];
  const signatures = later.filter(({ kind }) => kind === 'signature');
  if (docMdpLevel(signed, dict) === 1) {
    const rule = 'although certified with "no changes allowed" (DocMDP P=1)';
    if (signatures.length > 0) found.push({ kind: 'violation', text: `signed again ${rule}` });
    for (const { kind, text } of changes) {
      if (kind === 'warning') found.push({ kind: 'undecided', text: `${text}, ${rule}` });
    }
  }
  const lock = fieldLock(signed, dict);
  if (lock === undefined || signatures.length === 0) return found;
  const known = new Set(collectFields(signed).map(({ name }) => name));
  for (const { fieldName } of signatures) {
    if (!isLocked(lock, fieldName)) continue;
    const text = `field "${fieldName}" was signed although an earlier signature locks it (FieldMDP)`;
    found.push({ kind: known.has(fieldName) ? 'violation' : 'undecided', text });
  }
  return found;
}

/** Reports the changes, and lowers the indication by the worst of them. */
export function withChanges(
  report: PdfSignatureReport,
  unsorted: readonly LaterChange[],
): PdfSignatureReport {
  const changes = WORST_FIRST.flatMap((kind) => {
    const ofKind = unsorted.filter((change) => change.kind === kind);
    const listed = ofKind.slice(0, MAX_LISTED_CHANGES);
    const more = ofKind.length - listed.length;
    return more > 0 ? [...listed, { kind, text: `and ${more} more changes` }] : listed;
  });
  const changesAfter = changes.map(({ text }) => text);
  const listed = { ...report, changes, changesAfter, warnings: withRule(report, changes) };
  const [worst] = changes;
  if (worst?.kind === 'violation' && report.indication !== 'TOTAL-FAILED') {
    return {
      ...listed,
      indication: 'TOTAL-FAILED',
      subIndication: 'FORMAT_FAILURE',
      level: null,
      detail: `changed after signing: ${worst.text}`,
    };
  }
  if (worst?.kind === 'undecided' && report.indication === 'TOTAL-PASSED') {
    const open = changes.filter(({ kind }) => kind === 'undecided').map(({ text }) => text);
    return {
      ...listed,
      indication: 'INDETERMINATE',
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
      detail: open.join('; '),
    };
  }
  return listed;
}

/** Says in words where the rule here is stricter than the certification. */
function withRule(
  { docMdp, warnings }: PdfSignatureReport,
  changes: readonly LaterChange[],
): readonly string[] {
  const isStricter = docMdp !== null && docMdp > 1 && changes[0]?.kind === 'violation';
  if (!isStricter) return warnings;
  const allowed = docMdp === 2 ? 'filling in forms' : 'filling in forms and annotations';
  const rule = `the certification (DocMDP P=${docMdp}) allows ${allowed}; for official documents nothing but further signatures may follow`;
  return [...warnings, rule];
}
