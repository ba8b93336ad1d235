import type { SignatureVerdict } from '../../cms/verify-detached.ts';
import { type TrustStore, createTrustStore } from '../../path/trust-store.ts';
import { validatePath } from '../../path/validate.ts';
import type { ValidationData } from '../../revocation/validation-data.ts';
import type { TimeStampVerdict } from '../../tsp/verify.ts';
import type { Certificate } from '../../x509/certificate.ts';
import type { PdfLevel } from '../level.ts';
import type { SecurityStore } from './security-store.ts';

/** What the level of one signature depends on. */
export interface LevelInput {
  readonly verdict: SignatureVerdict;
  readonly trust: TrustStore;
  readonly store: SecurityStore | undefined;
  /** The earliest proven time; null without a valid time-stamp of any kind. */
  readonly provenAt: Date | null;
  /** End of what the newest valid document time-stamp after the signature covers. */
  readonly archivedUntil: number | undefined;
}

/**
 * Finds the level that is really there (ETSI EN 319 142-1 §6): a valid time-stamp for B-T; for B-LT
 * also all certificates and revocation data in the file itself, so that only anchors are needed from
 * outside; for B-LTA also a valid document time-stamp that covers these data.
 */
export function levelOf(input: LevelInput): PdfLevel {
  const { store, provenAt, archivedUntil } = input;
  if (provenAt === null) return 'B-B';
  if (store === undefined || !isSelfContained(input, store.data, provenAt)) return 'B-T';
  if (archivedUntil === undefined) return 'B-LT';
  const archived = onlyBefore(store, archivedUntil);
  return isSelfContained(input, archived, provenAt) ? 'B-LTA' : 'B-LT';
}

/** True when signer and time-stamp can be validated with nothing but anchors and the file. */
function isSelfContained(
  { verdict, trust }: LevelInput,
  data: ValidationData,
  provenAt: Date,
): boolean {
  const { certificate, cms, timeStamps } = verdict;
  if (certificate === null) return false;
  const anchors = anchorsOf(trust);
  const isValid = (one: Certificate, at: Date, extra: readonly Certificate[], isTsa: boolean) =>
    validatePath(one, {
      trust: anchors,
      at,
      extra: extra.filter(({ basicConstraints }) => basicConstraints?.cA === true),
      data,
      ...(isTsa && { purpose: 'any' as const }),
    }).indication === 'TOTAL-PASSED';
  if (!isValid(certificate, provenAt, cms.embedded, false)) return false;
  const valid = timeStamps.filter(({ indication }) => indication === 'TOTAL-PASSED');
  const isStamped = ({ certificate: tsa, token }: TimeStampVerdict): boolean =>
    tsa !== null && token !== null && isValid(tsa, token.genTime, token.certificates, true);
  // Without a time-stamp of its own the signature has its time from a document time-stamp.
  return valid.length === 0 || valid.some(isStamped);
}

function onlyBefore({ data, positions }: SecurityStore, end: number): ValidationData {
  const isCovered = ({ sha256 }: { readonly sha256: string }): boolean =>
    (positions.get(sha256) ?? Infinity) < end;
  return {
    certificates: data.certificates.filter(isCovered),
    crls: data.crls.filter(isCovered),
    ocsps: data.ocsps.filter(isCovered),
  };
}

const anchorStores = new WeakMap<TrustStore, TrustStore>();

/** The anchors of a store without what else it knows; kept, since paths are cached per store. */
function anchorsOf(trust: TrustStore): TrustStore {
  let known = anchorStores.get(trust);
  if (known === undefined) {
    known = createTrustStore({ anchors: trust.anchors });
    anchorStores.set(trust, known);
  }
  return known;
}
