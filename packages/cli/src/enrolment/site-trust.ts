import { join } from 'node:path';

import { type TrustStore, loadTrustStore } from '@congvan/signer';

import { type HomeLayout, pathExists } from '../home/layout.ts';

/**
 * Whom this site trusts besides the authority of its home: `site/trust`, where the operator puts
 * anchors, intermediates and lists of the others. Agencies and relays get them when they are entered.
 *
 * @returns `undefined` where there is none.
 */
export async function readSiteTrust(layout: HomeLayout): Promise<TrustStore | undefined> {
  const folder = join(layout.site, 'trust');
  return (await pathExists(folder)) ? await loadTrustStore(folder) : undefined;
}
