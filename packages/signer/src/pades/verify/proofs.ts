import type { ValidationData } from '../../revocation/validation-data.ts';
import type { TrustStore } from '../../path/trust-store.ts';
import type { PathVerdict } from '../../path/validate.ts';
import type { TimeStampToken } from '../../tsp/token.ts';
import { type Objection, indeterminate } from '../../verdict.ts';
import type { SecurityStore } from './security-store.ts';

/** What everything in a PDF is judged with. */
export interface VerifyContext {
  readonly trust: TrustStore;
  readonly at: Date;
  /** From the file's security store and from the caller; not trusted. */
  readonly data: ValidationData;
  readonly store: SecurityStore | undefined;
}

/** A valid document time-stamp: all bytes before `end` existed at `time`. */
interface Proof {
  readonly end: number;
  readonly time: Date;
  readonly toleranceMs: number;
}

/** Taken for a token that does not state its accuracy. */
const UNSTATED_ACCURACY_MS = 1_000;

/**
 * Proofs of existence (ETSI EN 319 102-1 §5.6.2.3), newest first: a document time-stamp that is valid
 * at the time of validation proves all that it covers, an earlier time-stamp among it, which is then
 * judged at that time, and so on.
 */
export class Proofs {
  private readonly proofs: Proof[] = [];

  add(end: number, token: TimeStampToken): void {
    this.proofs.push({ end, time: token.genTime, toleranceMs: toleranceOf(token) });
  }

  /** The earliest time at which the bytes before an offset are proven to have existed. */
  at(offset: number): Date | undefined {
    return this.covering(offset)?.time;
  }

  private covering(offset: number): Proof | undefined {
    let earliest: Proof | undefined;
    for (const proof of this.proofs) {
      if (proof.end <= offset) continue;
      if (earliest === undefined || proof.time < earliest.time) earliest = proof;
    }
    return earliest;
  }

  /** A time-stamp cannot be younger than one that covers it. */
  orderObjection(offset: number, token: TimeStampToken): Objection | undefined {
    const proof = this.covering(offset);
    if (proof === undefined) return undefined;
    const lead = Number(token.genTime) - Number(proof.time);
    if (lead <= proof.toleranceMs + toleranceOf(token)) return undefined;
    const detail = `the time-stamp of ${token.genTime.toISOString()} is covered by an earlier one, of ${proof.time.toISOString()}`;
    return indeterminate('TIMESTAMP_ORDER_FAILURE', detail);
  }

  /**
   * Evidence must have existed while the certificates of those who signed it were valid, the CA's and
   * that of a responder or CRL signer of its own; afterwards their keys may be in other hands
   * (§5.6.2.2.4). Evidence of the verifier's own store needs no proof.
   */
  evidenceObjection(path: PathVerdict, { trust, at, store }: VerifyContext): Objection | undefined {
    if (store === undefined) return undefined;
    const own = new Set([...trust.crls, ...trust.ocsps].map(({ sha256 }) => sha256));
    for (const { sha256, evidence } of path.certificates) {
      const index = path.chain.findIndex((certificate) => certificate.sha256 === sha256);
      const chainUntil = Math.min(
        ...path.chain.slice(index + 1).map(({ notAfter }) => Number(notAfter)),
      );
      for (const item of evidence) {
        const position = store.positions.get(item.sha256);
        if (position === undefined || own.has(item.sha256)) continue;
        const until = Math.min(chainUntil, Number(item.signerNotAfter));
        if (Number(this.at(position) ?? at) <= until) continue;
        const detail = `nothing proves that the ${item.kind === 'crl' ? 'CRL' : 'OCSP response'} of ${item.thisUpdate.toISOString()} existed before the certificate of its signer expired`;
        return indeterminate('OUT_OF_BOUNDS_NO_POE', detail);
      }
    }
    return undefined;
  }
}

function toleranceOf({ accuracyMs }: TimeStampToken): number {
  return accuracyMs ?? UNSTATED_ACCURACY_MS;
}
