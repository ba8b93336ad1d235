import { join } from 'node:path';

import { type EvidenceReport, verifyEvidence } from '@congvan/bus/evidence';
import { type Relay, exportEvidence, openRelay } from '@congvan/bus/relay';
import { waitUntil } from '@congvan/bus/testing';
import {
  type TimeStampSource,
  createTimeStampAuthority,
  createTrustStore,
  parseCertificate,
} from '@congvan/signer';
import { readFile } from 'node:fs/promises';

import type { Agent, SentDocument } from '../../src/index.ts';
import { PASSPHRASE } from '../support/passphrase.ts';
import { makeRelayHome } from '../support/relay.ts';
import { type Office, type Town, foundTown, makePdf } from '../support/town.ts';

const WAIT_MS = 20_000;
const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 365 * DAY_MS;

/** A document on its way from a commune to a ministry, and everything both and the relay keep of it. */
export interface EvidenceTown extends AsyncDisposable {
  readonly town: Town;
  readonly relay: Relay;
  readonly relayHome: string;
  readonly commune: Office;
  readonly sender: Agent;
  readonly recipient: Agent;
  readonly sent: SentDocument;
  /** RFC 3161 tokens of the real clock. */
  readonly timeStamps: TimeStampSource;
  exportAtRelay(options?: { readonly timeStamps?: TimeStampSource }): Promise<Uint8Array>;
  /** With the anchor and the registrar's certificate, and nothing else of this town. */
  verify(container: Uint8Array, now?: Date, rootCertificate?: null): EvidenceReport;
  /** Ends broker, agents and relay; the folders stay. */
  stopEverything(): Promise<void>;
}

export async function sendSomething(): Promise<EvidenceTown> {
  const town = await foundTown();
  // Evidence must outlive the certificate of who sent the document.
  const life = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + YEAR_MS),
  };
  const node = await town.pki.issue({ commonName: 'UBND xã (máy)', use: 'node', ...life });
  const commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09', node });
  const ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
  const relayHome = await makeRelayHome(town, commune);
  const relay = await openRelay({ home: relayHome, passphrase: async () => PASSPHRASE });
  const [sender, recipient] = await Promise.all([commune.open(), ministry.open()]);
  await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
  await waitUntil(() => recipient.status().directoryEntries >= 3, WAIT_MS);
  const sent = await sender.send({
    to: [ministry.code],
    document: { name: 'Báo cáo quý III.pdf', pdf: await makePdf('Bao cao') },
    abstract: 'Về việc báo cáo công tác quý III',
    documentType: 'Báo cáo',
  });
  const id = sent.deliveries[0]?.id ?? '';
  await waitUntil(() => recipient.listInbox().some((row) => row.id === id), WAIT_MS);
  await recipient.accept(id, { actor: 'Nguyễn Thị Lan' });
  await recipient.complete(id);
  await waitUntil(() => sender.track(sent.documentId).deliveries[0]?.status === '06', WAIT_MS);
  await waitUntil(() => relay.counts().receipts['06'] === 1, WAIT_MS);
  const tsa = await town.pki.issue({ commonName: 'Dịch vụ dấu thời gian', use: 'tsa' });
  const authority = createTimeStampAuthority({
    signer: tsa,
    policy: '1.3.6.1.4.1.99999.1',
    now: () => new Date(),
  });
  const registrar = parseCertificate(
    await readFile(join(commune.home, 'trust', 'registrar.crt')),
  ).der;
  const trust = createTrustStore({ anchors: [town.pki.root] });
  let isRunning = true;
  const stopEverything = async (): Promise<void> => {
    if (!isRunning) return;
    isRunning = false;
    await Promise.all([sender.close(), recipient.close(), relay.close()]);
    await town.bus.stop();
  };
  return {
    town,
    relay,
    relayHome,
    commune,
    sender,
    recipient,
    sent,
    timeStamps: authority.source,
    exportAtRelay: async (options = {}) => {
      const passphrase = async (): Promise<string> => PASSPHRASE;
      const one = { home: relayHome, id: sent.documentId, passphrase, ...options };
      return (await exportEvidence(one)).container;
    },
    verify: (container, now = new Date(), rootCertificate: Uint8Array | null = registrar) =>
      verifyEvidence(container, { trust, rootCertificate, now }),
    stopEverything,
    [Symbol.asyncDispose]: async () => {
      await stopEverything();
      await town[Symbol.asyncDispose]();
    },
  };
}
