import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AgencyCode, type Site, type Tier, parseAgencyCode } from '@congvan/bus';
import { type LocalBus, startLocalBus } from '@congvan/bus/testing';
import type { TestPki, TestSigner } from '@congvan/signer/testing';

import { openOffices } from '../../rig/offices.ts';

export const SENDER = parseAgencyCode('H09.12.034');
export const RECIPIENT = parseAgencyCode('G09');
const RELAY = parseAgencyCode('W01');

const MEBIBYTE = 1024 * 1024;
/** Streams keep what was fetched too: 50,000 documents of 20 KB must fit. */
const STREAM_LIMITS = {
  inboxBytes: 2_560 * MEBIBYTE,
  reportBytes: 512 * MEBIBYTE,
  blobBytes: 256 * MEBIBYTE,
  replicas: 1 as const,
};

/** A broker with split accounts and the folders of a sender, a recipient and a relay. */
export interface Town extends AsyncDisposable {
  readonly folder: string;
  readonly bus: LocalBus;
  readonly pki: TestPki;
  readonly seal: TestSigner;
  readonly node: TestSigner;
  readonly credentials: Uint8Array;
  homeOf(name: string): string;
  /** One more agency, whose folder has its own name. */
  addAgency(input: NewAgency): Promise<void>;
}

export interface NewAgency {
  readonly name: string;
  readonly code: AgencyCode;
  readonly site: Site;
  readonly tier: Tier;
  /** Where it connects; left out: straight to the broker. */
  readonly url?: string;
  readonly line?: { readonly chunkBytes: number; readonly window: number };
}

/** @param limits - what is unlike a town of documents without large files. */
export async function foundTown(limits: Partial<typeof STREAM_LIMITS> = {}): Promise<Town> {
  const folder = await mkdtemp(join(tmpdir(), 'congvan-bench-'));
  const homeOf = (name: string): string => join(folder, name);
  const offices = await openOffices();
  const bus = await startLocalBus({
    sites: ['H09', 'TW'],
    limits: { ...STREAM_LIMITS, ...limits },
    signRegistrar: offices.signRegistrar,
  });
  const host = { url: bus.url, enter: bus.addAgency };
  const add = async ({ name, url = bus.url, ...agency }: NewAgency) =>
    await offices.addAgency({ ...agency, home: homeOf(name), relay: RELAY }, { ...host, url });
  const sender = await add({ name: 'sender', code: SENDER, site: 'H09', tier: 'commune' });
  await add({ name: 'recipient', code: RECIPIENT, site: 'TW', tier: 'central' });
  await offices.addRelay(
    { code: RELAY, site: 'TW', home: homeOf('relay') },
    { url: bus.url, enter: bus.addRelay },
  );
  return {
    folder,
    bus,
    pki: offices.pki,
    ...sender,
    homeOf,
    addAgency: async (agency) => void (await add(agency)),
    [Symbol.asyncDispose]: async () => {
      await bus.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
