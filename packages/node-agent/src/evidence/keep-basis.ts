import { type AgencyCode, type VerificationBasis, certificatesOf } from '@congvan/bus';
import { trustObjects } from '@congvan/bus/evidence';
import type { FindValidationObject } from '@congvan/bus/sqlite';
import { type TrustStore, parseCertificate, validatePath } from '@congvan/signer';

import type { AgentCore } from '../core.ts';

type KeepingCore = Pick<AgentCore, 'directory' | 'evidence' | 'trust'>;

/** Keeps what a received record was judged with. Call inside the transaction that stores it. */
export function keepBasis(
  core: KeepingCore,
  payloadSha256: string,
  from: AgencyCode,
  { at, basis }: { readonly at: Date; readonly basis: VerificationBasis | null },
): void {
  if (basis === null) return;
  const judged = { atMs: at.getTime(), isOwn: false };
  core.evidence.keep(payloadSha256, judged, basis, finder(core, from, at));
}

/** The state of the own certificate hardly changes within so long. */
const KEEP_OWN_MS = 60_000;

interface OwnBasis {
  readonly trust: TrustStore;
  readonly sequence: number;
  readonly atMs: number;
  readonly basis: VerificationBasis;
}

const ownBases = new WeakMap<object, OwnBasis>();

/**
 * Keeps what proves an own record now, while the own certificate has not run out and its lists are
 * here. Call inside the transaction that writes the record.
 */
export function keepOwnBasis(
  core: KeepingCore & Pick<AgentCore, 'config'>,
  payloadSha256s: readonly string[],
  nowMs: number,
): void {
  const basis = ownBasis(core, nowMs);
  if (basis === undefined) return;
  const find = finder(core, core.config.code, new Date(nowMs));
  for (const sha256 of payloadSha256s) {
    core.evidence.keep(sha256, { atMs: nowMs, isOwn: true }, basis, find);
  }
}

function ownBasis(
  core: KeepingCore & Pick<AgentCore, 'config'>,
  nowMs: number,
): VerificationBasis | undefined {
  const entry = core.directory.find(core.config.code);
  const trust = core.trust.store;
  if (entry === undefined) return undefined;
  const known = ownBases.get(core.evidence);
  const isFresh = known !== undefined && Math.abs(nowMs - known.atMs) < KEEP_OWN_MS;
  if (isFresh && known.trust === trust && known.sequence === entry.sequence) return known.basis;
  const paths = certificatesOf(entry, 'node').map(({ der }) =>
    validatePath(parseCertificate(der), { trust, at: new Date(nowMs) }),
  );
  // During a renewal two are listed; which one signs makes no difference to the lists.
  const passed = paths.filter(({ indication }) => indication === 'TOTAL-PASSED');
  const last = passed.at(-1);
  if (last === undefined) return undefined;
  const basis = {
    certificates: last.chain.map(({ sha256 }) => sha256),
    revocation: [...new Set(last.evidence.map(({ sha256 }) => sha256))],
  };
  ownBases.set(core.evidence, { trust, sequence: entry.sequence, atMs: nowMs, basis });
  return basis;
}

/** Issuers and lists stand in the trust folder, the signer's certificate in the directory. */
function finder(core: KeepingCore, from: AgencyCode, at: Date): FindValidationObject {
  return (sha256) => {
    const object = trustObjects(core.trust.store).get(sha256);
    if (object !== undefined) return object;
    const { find, earlier } = core.directory;
    const entries = [find(from) ?? [], earlier(from, at)].flat();
    const listed = entries
      .flatMap((entry) => certificatesOf(entry, 'node'))
      .find((certificate) => certificate.sha256 === sha256);
    return listed && { kind: 'certificate', sha256, der: listed.der };
  };
}
