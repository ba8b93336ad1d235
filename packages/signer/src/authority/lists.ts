import { type CertificateList, parseCrl } from '../x509/crl.ts';
import { freshestCrlUrlOf } from './authority-urls.ts';
import { type IssuingKey, type Revocation, buildCrl } from './build.ts';
import type { CaKeys, IssuingCa } from './ca-keys.ts';
import type { AuthorityIndex, IssuedCertificate } from './index-file.ts';
import { freshestCrlExtension } from './profile.ts';
import { AUTHORITY_FILES, type AuthorityStore, type Change, filesOfIssuingCa } from './store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A CRL of an issuing CA is good for so long; renew it well before. */
export const CRL_DAYS = 35;
/** It is renewed when less than this is left. */
const CRL_RENEW_DAYS = 7;
/** A delta CRL is good for so long. */
const DELTA_CRL_HOURS = 48;
const DELTA_CRL_RENEW_HOURS = 24;
/** A CRL of the root: its key is used seldom. */
const ROOT_CRL_DAYS = 400;
const ROOT_CRL_RENEW_DAYS = 60;

/** What making a list takes. */
export interface ListTools {
  readonly store: AuthorityStore;
  readonly keys: CaKeys;
}

/** The last moment of a list: never past the end of the CA that signs it. */
function endOf(now: Date, lifeMs: number, { notAfter }: { readonly notAfter: Date }): Date {
  return new Date(Math.min(Number(now) + lifeMs, Number(notAfter)));
}

function parseIfPresent(store: AuthorityStore, file: string): CertificateList | undefined {
  const bytes = store.readIfPresent(file);
  return bytes && parseCrl(bytes);
}

/** What the index says is revoked by one issuing CA. */
function revocationsOf(index: AuthorityIndex, ca: IssuingCa): Revocation[] {
  return index.certificates.flatMap(({ serialNumber, issuingCa, revoked }) => {
    if (revoked === undefined || issuingCa !== ca.number) return [];
    const { at, reason, invalidSince } = revoked;
    return [{ serialNumber, revokedAt: at, reason, invalidSince }];
  });
}

/** The index with the next CRL number of an issuing CA. */
function withNextNumber(index: AuthorityIndex, ca: IssuingCa): [AuthorityIndex, number] {
  const number = (index.issuing[ca.number - 1]?.crlNumber ?? 0) + 1;
  const issuing = index.issuing.map((state, at) =>
    at === ca.number - 1 ? { ...state, crlNumber: number } : state,
  );
  return [{ ...index, issuing }, number];
}

/** True when somebody may look for a delta CRL: there was one, or the authority is served. */
function usesDeltas(store: AuthorityStore, index: AuthorityIndex, ca: IssuingCa): boolean {
  if (index.baseUrl !== undefined) return true;
  return store.readIfPresent(filesOfIssuingCa(ca.number).deltaCrl) !== undefined;
}

/**
 * Commits the index and writes the next complete CRL of an issuing CA. Where delta CRLs are in use, a
 * delta of the same number goes with it for those who still hold the complete list before (RFC 5280
 * §5.2.4).
 *
 * The index goes first: a CRL that is lost can be made again, a number must not be used twice.
 */
export async function issueCompleteCrl(
  { store, keys }: ListTools,
  change: Change,
  ca: IssuingCa,
  index: AuthorityIndex = change.index,
): Promise<void> {
  const key = keys.issuingKey(ca);
  const files = filesOfIssuingCa(ca.number);
  const [next, number] = withNextNumber(index, ca);
  const revocations = revocationsOf(next, ca);
  await change.record('crl', { issuingCa: ca.number, number, revokedCount: revocations.length });
  await change.commit(next);
  const base = usesDeltas(store, next, ca) ? parseIfPresent(store, files.crl) : undefined;
  if (base !== undefined) await writeDelta(store, change, ca, key, base, number);
  const url = freshestCrlUrlOf(next.baseUrl, ca.number);
  const crl = await buildCrl(
    {
      number,
      thisUpdate: change.now,
      nextUpdate: endOf(change.now, CRL_DAYS * DAY_MS, ca.certificate),
      revocations,
      keepsExpiredSince: ca.certificate.notBefore,
      extensions: url === undefined ? [] : [freshestCrlExtension(ca.certificate.subjectDer, url)],
    },
    key,
  );
  await store.write(files.crl, crl);
}

/** Commits the index and writes a delta CRL against the complete one that is out. */
export async function issueDeltaCrl(
  { store, keys }: ListTools,
  change: Change,
  ca: IssuingCa,
  index: AuthorityIndex = change.index,
): Promise<void> {
  const key = keys.issuingKey(ca);
  const base = parseCrl(store.read(filesOfIssuingCa(ca.number).crl));
  const [next, number] = withNextNumber(index, ca);
  const baseNumber = String(base.number);
  await change.record('delta-crl', { issuingCa: ca.number, number, baseNumber });
  await change.commit(next);
  await writeDelta(store, change, ca, key, base, number);
}

async function writeDelta(
  store: AuthorityStore,
  { index, now }: Change,
  ca: IssuingCa,
  key: IssuingKey,
  base: CertificateList,
  number: number,
): Promise<void> {
  const delta = await buildCrl(
    {
      number,
      baseNumber: base.number ?? 0n,
      thisUpdate: now,
      nextUpdate: endOf(now, DELTA_CRL_HOURS * HOUR_MS, ca.certificate),
      revocations: changesSince(base, index, ca, now),
      keepsExpiredSince: ca.certificate.notBefore,
    },
    key,
  );
  await store.write(filesOfIssuingCa(ca.number).deltaCrl, delta);
}

/** What is revoked now and was not, or not so, on the list; and what was released from hold. */
function changesSince(
  base: CertificateList,
  index: AuthorityIndex,
  ca: IssuingCa,
  now: Date,
): Revocation[] {
  const seconds = (date: Date): number => Math.floor(Number(date) / 1000);
  const current = revocationsOf(index, ca);
  const listed = new Map(base.entries.map((entry) => [entry.serialNumber, entry]));
  const changed = current.filter(({ serialNumber, revokedAt, reason }) => {
    const entry = listed.get(serialNumber);
    if (entry === undefined || (entry.reason ?? 'unspecified') !== reason) return true;
    return seconds(entry.revokedAt) !== seconds(revokedAt);
  });
  const revoked = new Set(current.map(({ serialNumber }) => serialNumber));
  const known = new Map<string, IssuedCertificate>(
    index.certificates.map((entry) => [entry.serialNumber, entry]),
  );
  const released = base.entries
    .filter(({ serialNumber }) => !revoked.has(serialNumber))
    .map(({ serialNumber }): Revocation => {
      const revokedAt = known.get(serialNumber)?.releasedAt ?? now;
      return { serialNumber, revokedAt, reason: 'removeFromCRL' };
    });
  return [...changed, ...released];
}

/** Commits the index and writes the next CRL of the root: it lists the issuing CAs that are revoked. */
export async function issueRootCrl(
  { store, keys }: ListTools,
  change: Change,
  index: AuthorityIndex = change.index,
): Promise<void> {
  const key = keys.rootKey();
  const number = index.rootCrlNumber + 1;
  const next = { ...index, rootCrlNumber: number };
  const revocations = next.issuing.flatMap(({ revoked }, at): Revocation[] => {
    const certificate = keys.all()[at]?.certificate;
    if (revoked === undefined || certificate === undefined) return [];
    const { serialNumber } = certificate;
    return [{ serialNumber, revokedAt: revoked.at, reason: revoked.reason, ...pick(revoked) }];
  });
  await change.record('root-crl', { number, revokedCount: revocations.length });
  await change.commit(next);
  const crl = await buildRootCrl(key, number, change.now, keys.root, revocations);
  await store.write(AUTHORITY_FILES.rootCrl, crl);
}

function pick({ invalidSince }: { readonly invalidSince?: Date | undefined }): Partial<Revocation> {
  return invalidSince === undefined ? {} : { invalidSince };
}

/** The CRL of the root. */
export function buildRootCrl(
  key: IssuingKey,
  number: number,
  now: Date,
  root: { readonly notBefore: Date; readonly notAfter: Date },
  revocations: readonly Revocation[],
): Promise<Uint8Array> {
  const nextUpdate = endOf(now, ROOT_CRL_DAYS * DAY_MS, root);
  const times = { thisUpdate: now, nextUpdate, keepsExpiredSince: root.notBefore };
  return buildCrl({ number, ...times, revocations }, key);
}

/** Issuing CAs that still answer for certificates: not expired and not revoked. */
function liveCas(keys: CaKeys, index: AuthorityIndex, now: Date): readonly IssuingCa[] {
  return keys
    .all()
    .filter(
      ({ number, certificate }) =>
        index.issuing[number - 1]?.revoked === undefined && certificate.notAfter > now,
    );
}

/**
 * Makes every list new, or only those that are due: short of their end, missing, or behind the index
 * because a command died. Lists whose key is not at hand are left.
 */
export async function renewLists(
  tools: ListTools,
  change: Change,
  which: 'all' | 'due',
): Promise<void> {
  const { store, keys } = tools;
  const isDue = (list: CertificateList | undefined, number: number, leftMs: number): boolean =>
    which === 'all' ||
    list?.nextUpdate === undefined ||
    Number(list.nextUpdate) - Number(change.now) < leftMs ||
    (list.number ?? 0n) < number;

  const rootCrl = parseIfPresent(store, AUTHORITY_FILES.rootCrl);
  if (isDue(rootCrl, change.index.rootCrlNumber, ROOT_CRL_RENEW_DAYS * DAY_MS)) {
    if (keys.rootKeyIfPresent() !== undefined) await issueRootCrl(tools, change);
  }
  const current = keys.current().number;
  for (const ca of liveCas(keys, change.index, change.now)) {
    if (ca.number !== current && keys.issuingKeyIfPresent(ca) === undefined) continue;
    const files = filesOfIssuingCa(ca.number);
    const complete = parseIfPresent(store, files.crl);
    const delta = parseIfPresent(store, files.deltaCrl);
    const newest = (delta?.number ?? 0n) > (complete?.number ?? 0n) ? delta : complete;
    const wanted = change.index.issuing[ca.number - 1]?.crlNumber ?? 0;
    const isBehind = (newest?.number ?? 0n) < wanted;
    if (isBehind || isDue(complete, 0, CRL_RENEW_DAYS * DAY_MS)) {
      await issueCompleteCrl(tools, change, ca);
    } else if (
      usesDeltas(store, change.index, ca) &&
      isDue(delta, 0, DELTA_CRL_RENEW_HOURS * HOUR_MS)
    ) {
      await issueDeltaCrl(tools, change, ca);
    }
  }
}
