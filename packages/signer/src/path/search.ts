import { hash } from 'node:crypto';

import type { Certificate } from '../x509/certificate.ts';
import { type PathSearch, searchPaths } from './build.ts';
import type { PolicyOptions } from './policy-tree.ts';
import type { TrustStore } from './trust-store.ts';

const MAX_CACHED_SEARCHES = 20_000;
const searches = new WeakMap<TrustStore, Map<string, PathSearch>>();

/** Certificates that a message offers, by the name key of their subject; those of the store left out. */
export type OfferedCertificates = ReadonlyMap<string, readonly Certificate[]>;

/** Sorts what a message offers. What the store holds too is found there. */
export function offeredBySubject(
  certificates: readonly Certificate[],
  trust: TrustStore,
): OfferedCertificates {
  const news = certificates.filter(
    ({ subject, sha256 }) =>
      !trust.bySubject.get(subject.key)?.some((known) => known.sha256 === sha256),
  );
  return Map.groupBy(news, ({ subject }) => subject.key);
}

/**
 * Paths of a certificate. They do not depend on time, so they are kept for as long as the store is in
 * use. The key names every offered certificate that could stand in a path: what one message offers
 * changes nothing for the next.
 */
export function cachedSearch(
  certificate: Certificate,
  trust: TrustStore,
  offered: OfferedCertificates,
  policies: PolicyOptions | undefined,
): PathSearch {
  const relevant = offered.size === 0 ? [] : relevantTo(certificate, trust, offered);
  if (policies !== undefined) return searchPaths(certificate, trust, relevant, policies);
  let known = searches.get(trust);
  if (known === undefined) {
    known = new Map();
    searches.set(trust, known);
  }
  const key =
    relevant.length === 0
      ? certificate.sha256
      : hash('sha256', [certificate, ...relevant].map(({ sha256 }) => sha256).join());
  let search = known.get(key);
  if (search === undefined) {
    if (known.size >= MAX_CACHED_SEARCHES) known.clear();
    search = searchPaths(certificate, trust, relevant, {});
    known.set(key, search);
  }
  return search;
}

/** The offered certificates that bear the name of an issuer, of an issuer of an issuer, and so on. */
function relevantTo(
  certificate: Certificate,
  trust: TrustStore,
  offered: OfferedCertificates,
): readonly Certificate[] {
  const names = new Set([certificate.issuer.key]);
  // A Set is walked in order of insertion, over what is added on the way too.
  for (const name of names) {
    for (const issuer of trust.bySubject.get(name) ?? []) names.add(issuer.issuer.key);
    for (const issuer of offered.get(name) ?? []) names.add(issuer.issuer.key);
  }
  return [...names].flatMap((name) => offered.get(name) ?? []);
}
