import type { Certificate } from '../x509/certificate.ts';
import { namesEqual } from '../x509/name.ts';

/** The issuers of a certificate among others, nearest first, as far as they follow each other by name. */
export function chainOf(certificate: Certificate, others: readonly Certificate[]): Certificate[] {
  const chain: Certificate[] = [];
  let last = certificate;
  while (!last.isSelfIssued) {
    const { issuer } = last;
    const next = others.find(
      (candidate) => !chain.includes(candidate) && namesEqual(candidate.subject, issuer),
    );
    if (next === undefined || next === certificate) break;
    chain.push(next);
    last = next;
  }
  return chain;
}
