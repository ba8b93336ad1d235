import type { VerifySignature } from '@congvan/bus';
import { type Authority, createSignatureVerifier, createTrustStore } from '@congvan/signer';

import type { HomeLayout } from '../home/layout.ts';
import { readSiteTrust } from './site-trust.ts';

/** Verifies what other registrars signed: by the authority of this home, and by what the site trusts. */
export async function openSiteVerifier(
  layout: HomeLayout,
  authority: Authority | undefined,
): Promise<VerifySignature> {
  const theirs = await readSiteTrust(layout);
  const ours = authority?.trust();
  const all = [ours, theirs].filter((one) => one !== undefined);
  return createSignatureVerifier(
    createTrustStore({
      anchors: all.flatMap(({ anchors }) => [...anchors]),
      intermediates: all.flatMap(({ intermediates }) => [...intermediates]),
      crls: all.flatMap(({ crls }) => [...crls]),
    }),
  );
}
