import { join } from 'node:path';

import type { VerifySignature } from '@congvan/bus';
import {
  type Authority,
  createSignatureVerifier,
  createTrustStore,
  loadTrustStore,
} from '@congvan/signer';

import { type HomeLayout, pathExists } from '../home/layout.ts';

/**
 * Verifies what other registrars signed: by the authority of this home, and by `site/trust`, where the
 * operator puts the anchors of the others.
 */
export async function openSiteVerifier(
  layout: HomeLayout,
  authority: Authority | undefined,
): Promise<VerifySignature> {
  const folder = join(layout.site, 'trust');
  const theirs = (await pathExists(folder)) ? await loadTrustStore(folder) : undefined;
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
