import { type AgencyCode } from '../../agency/code.ts';
import { DirectoryCopy } from '../../directory/copy.ts';
import { MemoryLedger } from '../../directory/memory-ledger.ts';
import { readDirectoryEntry } from '../../directory/verify.ts';
import type { VerifySignature } from '../../record/authenticate.ts';
import { tryDecodeRecord } from '../../record/frame.ts';
import type { EvidenceEntry } from './open.ts';
import { type EvidenceCheck, failedCheck, passedCheck } from './report.ts';

/**
 * Verifies the directory entries of an evidence file against the pinned root registrar.
 *
 * They are an extract: that no later entry of the root is missing, only a complete copy can tell. What
 * is shown is that each entry was signed by who was entitled to.
 */
export function verifyDirectory(
  entries: readonly EvidenceEntry[],
  options: {
    readonly rootCertificate: Uint8Array;
    readonly verify: VerifySignature;
    readonly at: Date;
  },
): { readonly copy: DirectoryCopy; readonly checks: readonly EvidenceCheck[] } {
  const records = new Map<string, Uint8Array>();
  const ledger = new MemoryLedger(
    ({ registrar, sequence }) => records.get(`${registrar} ${sequence}`),
    ({ registrar, sequence, record }) => void records.set(`${registrar} ${sequence}`, record),
  );
  const { rootCertificate, verify, at } = options;
  const copy = new DirectoryCopy({ ledger, rootCertificate, verify });
  const checks: EvidenceCheck[] = [];
  let pending: readonly EvidenceEntry[] = entries;
  // One by one, so that each gets its own verdict; what the root delegated can be judged after it.
  for (let pass = 1; pending.length > 0; pass += 1) {
    const left: { readonly entry: EvidenceEntry; readonly check: EvidenceCheck }[] = [];
    for (const entry of pending) {
      const check = checkOfTaken(entry, copy.takeIn([entry.bytes], at));
      if (check.indication === 'TOTAL-PASSED') checks.push(check);
      else left.push({ entry, check });
    }
    if (pass === MAX_PASSES) checks.push(...left.map(({ check }) => check));
    pending = pass === MAX_PASSES ? [] : left.map(({ entry }) => entry);
    const root = copy.root();
    if (root !== undefined) {
      ledger.setReadUpTo(root, Math.max(copy.readUpTo(root), highestBase(pending)));
    }
  }
  return { copy, checks };
}

/** The root, then what it delegated to, then what those say. */
const MAX_PASSES = 3;

/** In an extract the numbers have gaps; what an entry was based on counts as read. */
function highestBase(entries: readonly EvidenceEntry[]): number {
  const bases = entries.flatMap(({ bytes }) => {
    const raw = tryDecodeRecord(bytes);
    const entry = typeof raw === 'string' ? raw : readDirectoryEntry(raw);
    return typeof entry === 'string' ? [] : [entry.basedOn ?? 0];
  });
  return Math.max(0, ...bases);
}

function checkOfTaken(
  { name, kind }: EvidenceEntry,
  taken: ReturnType<DirectoryCopy['takeIn']>,
): EvidenceCheck {
  const refused = taken.refused[0];
  if (refused !== undefined) {
    const { finding, detail } = refused;
    const isOpen = finding === 'REVOCATION_UNKNOWN' || finding === 'CERTIFICATE_UNTRUSTED';
    const check = failedCheck(name, kind, finding, detail);
    return isOpen ? { ...check, indication: 'INDETERMINATE' } : check;
  }
  if (taken.added === 1) return passedCheck(name, kind, 'signed by its registrar');
  if (taken.needsRoot > 0) {
    const detail = `it was based on entry ${taken.needsRoot} of the root, which is not here`;
    return failedCheck(name, kind, 'SIGNER_NOT_LISTED', detail);
  }
  return failedCheck(name, kind, 'SIGNER_NOT_LISTED', 'its registrar may not say this');
}

/** Whether the directory lists a certificate for an agency, now or at an earlier time. */
export function isListedFor(copy: DirectoryCopy, code: AgencyCode, sha256: string, at: Date) {
  const entries = [copy.find(code) ?? [], copy.earlier(code, at)].flat();
  return entries.some(({ certificates }) =>
    certificates.some((one) => one.use === 'node' && one.sha256 === sha256),
  );
}
