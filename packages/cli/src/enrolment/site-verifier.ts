import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { VerifySignature } from '@congvan/bus';
import {
  type Authority,
  type TrustStore,
  TrustFolder,
  createSignatureVerifier,
  createTrustStore,
} from '@congvan/signer';

import type { HomeLayout } from '../home/layout.ts';

/** Whom a site service believes besides its own registrar, as its folder has it now. */
export interface SiteTrust {
  readonly verify: VerifySignature;
  store(): TrustStore;
  /** The newest list of each authority in the folder, DER. */
  otherLists(): readonly Uint8Array[];
  /**
   * @returns whether anything is new.
   * @throws SignerError for a file that cannot be used; what was there before stays.
   */
  refresh(): Promise<boolean>;
}

/**
 * Verifies what other registrars signed: by the authority of this home, and by `site/trust`, which is
 * made where it is not there yet.
 */
export async function openSiteTrust(
  layout: HomeLayout,
  authority: Authority | undefined,
  now: () => Date,
): Promise<SiteTrust> {
  const folder = join(layout.site, 'trust');
  for (const part of ['anchors', 'intermediates', 'crls']) {
    await mkdir(join(folder, part), { recursive: true });
  }
  const theirs = await TrustFolder.open(folder);
  let listed = digestOfLists(authority);
  let store = combine(authority, theirs.store);
  return {
    verify: createSignatureVerifier(() => store),
    store: () => store,
    otherLists: () => newestLists(theirs.store),
    refresh: async () => {
      const isNew = await theirs.refresh(now().getTime(), true);
      const own = digestOfLists(authority);
      if (!isNew && own === listed) return false;
      listed = own;
      store = combine(authority, theirs.store);
      return true;
    },
  };
}

function combine(authority: Authority | undefined, theirs: TrustStore): TrustStore {
  const ours = authority?.trust();
  const all = ours === undefined ? [theirs] : [ours, theirs];
  return createTrustStore({
    anchors: all.flatMap(({ anchors }) => [...anchors]),
    intermediates: all.flatMap(({ intermediates }) => [...intermediates]),
    crls: all.flatMap(({ crls }) => [...crls]),
  });
}

/** Older ones may stay in the folder; deltas build on what agencies may not have. */
function newestLists({ crls }: TrustStore): Uint8Array[] {
  const newest = new Map<string, Uint8Array>();
  for (const { issuer, authorityKeyId, baseNumber, der } of crls) {
    if (baseNumber !== undefined) continue;
    const scope = `${issuer.key} ${Buffer.from(authorityKeyId ?? []).toString('hex')}`;
    if (!newest.has(scope)) newest.set(scope, der);
  }
  return [...newest.values()];
}

/** The authority writes a list anew each week and at each revocation. */
function digestOfLists(authority: Authority | undefined): string {
  const hash = createHash('sha256');
  for (const [name, der] of authority?.lists() ?? []) hash.update(name).update(der);
  return hash.digest('hex');
}
