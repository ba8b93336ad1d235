import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Signer, createSignatureVerifier, signCms } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

import type { BusMessage } from '../../src/broker/bus-message.ts';
import { type AgencyConnection, connectAgency } from '../../src/broker/agency-connection.ts';
import {
  type AgencyCode,
  type ReportEntry,
  type Site,
  type SignBytes,
  type Tier,
  type DirectoryEntry,
  type VerifySignature,
  type WatermarkPayload,
  authenticateRecord,
  decodeMessage,
  encodePayload,
  parseAgencyCode,
  parseMessageSubject,
  payloadHash,
  reportSubject,
  signRecord,
} from '../../src/index.ts';
import { type OpenRelayOptions, type Relay, initRelay, openRelay } from '../../src/relay/index.ts';
import { mintAgencyCredentials } from '../../src/site/index.ts';
import { type LocalBus, startLocalBus } from '../../src/testing/index.ts';

export const RELAY_CODE = 'W01';
export const RELAY_SITE = 'TW';

/** A real bus with a PKI, a relay's folder and agencies that report. */
export interface RelayBus extends AsyncDisposable {
  readonly bus: LocalBus;
  readonly pki: TestPki;
  readonly home: string;
  readonly relaySigner: TestSigner;
  /** Revocation lists, DER, that the site service has for whoever asks. */
  readonly siteLists: Uint8Array[];
  openRelay(options?: Partial<OpenRelayOptions>): Promise<Relay>;
  /** @param others - of whom the directory lists a node certificate of this agency too. */
  addReporter(code: string, tier: Tier, site: Site, ...others: Signer[]): Promise<Reporter>;
  /** Someone with an agency's rights at the broker whom the directory does not know. */
  addStranger(code: string, tier: Tier, site: Site): Promise<Reporter>;
}

/** An agency that signs real reports, and can be made to sign wrong ones. */
export interface Reporter extends AsyncDisposable {
  readonly code: string;
  readonly signer: TestSigner;
  readonly connection: AgencyConnection;
  /** Signs the next report of the chain without publishing it. */
  compose(entry: ReportEntry): Promise<SignedReport>;
  publish(report: SignedReport, change?: { subject?: string; messageId?: string }): Promise<void>;
  report(entry: ReportEntry): Promise<void>;
  /** Watermarks that arrived so far, their signatures verified, oldest first. */
  readonly watermarks: readonly WatermarkPayload[];
}

export interface SignedReport {
  readonly number: number;
  readonly hash: string;
  readonly record: Uint8Array;
}

export async function startRelayBus(): Promise<RelayBus> {
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const relaySigner = await pki.issue({ commonName: 'Trung tâm đối soát', use: 'node' });
  const siteLists: Uint8Array[] = [];
  const bus = await startLocalBus({
    sites: ['TW', 'H09'],
    signRegistrar: signWith(registrar),
    otherLists: () => siteLists,
  });
  const folder = await mkdtemp(join(tmpdir(), 'congvan-relay-home-'));
  const home = join(folder, 'relay');
  const { credentials, entry } = await bus.addRelay({
    code: RELAY_CODE,
    site: RELAY_SITE,
    tier: 'central',
    certificates: [listed(relaySigner)],
  });
  await initRelay({
    home,
    config: {
      code: parseAgencyCode(RELAY_CODE),
      name: 'Trung tâm đối soát',
      site: RELAY_SITE,
      servers: [bus.url],
    },
    nodeP12: new TextEncoder().encode('not opened: the tests give `sign`'),
    credentials,
    trust: {
      anchors: [pki.root.der],
      intermediates: [pki.issuing.der],
      crls: [pki.rootCrl().der, pki.crl().der],
    },
    registrarCertificate: registrar.certificate.der,
  });
  const reporters: Reporter[] = [];
  const start = async (
    enrol: (signer: Signer) => Promise<Uint8Array>,
    place: { code: AgencyCode; tier: Tier; site: Site },
  ): Promise<Reporter> => {
    const signer = await pki.issue({ commonName: `Nút ${place.code}`, use: 'node' });
    const connect = { servers: bus.url, credentials: await enrol(signer), name: 'test' };
    const connection = await connectAgency({ ...connect, ...place });
    const verify = createSignatureVerifier(() => pki.trust());
    const reporter = startReporter({ ...place, signer, connection, verify, relayEntry: entry });
    reporters.push(reporter);
    return reporter;
  };
  return {
    bus,
    pki,
    home,
    relaySigner,
    siteLists,
    openRelay: (options = {}) => openRelay({ home, sign: signWith(relaySigner), ...options }),
    addReporter: (text, tier, site, ...others) => {
      const place = { code: parseAgencyCode(text), tier, site };
      const validFrom = '2020-01-01T00:00:00.000Z';
      return start(async (signer) => {
        const certificates = [signer, ...others].map(listed);
        const input = { ...place, validFrom, certificates };
        return (await bus.addAgency(input)).credentials;
      }, place);
    },
    addStranger: (text, tier, site) => {
      const place = { code: parseAgencyCode(text), tier, site };
      return start(
        async () => await mintAgencyCredentials(bus.server().operator, place, new Date()),
        place,
      );
    },
    [Symbol.asyncDispose]: async () => {
      for (const reporter of reporters) await reporter[Symbol.asyncDispose]();
      await bus.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function signWith(signer: Signer): SignBytes {
  return (tbs) => signCms({ content: tbs }, signer, { certificates: 'none' });
}

export function listed({ certificate }: Signer) {
  const der = Buffer.from(certificate.der).toString('base64');
  return { use: 'node' as const, sha256: certificate.sha256, der };
}

/** Starts an agency that is connected already. */
export function startReporter(options: {
  code: AgencyCode;
  tier: Tier;
  site: Site;
  signer: TestSigner;
  connection: AgencyConnection;
  verify: VerifySignature;
  relayEntry: DirectoryEntry;
}): Reporter {
  const { code: from, tier, site, signer, connection, verify, relayEntry } = options;
  const stop = new AbortController();
  const watermarks: WatermarkPayload[] = [];
  const reading = readInbox(connection, stop.signal, (message) => {
    const judged = authenticateRecord(decodeMessage(message.data).record, {
      from: parseMessageSubject(message.subject)?.from ?? from,
      lookup: () => relayEntry,
      verify,
      at: message.storedAt,
    });
    if (!judged.authentic) throw new Error(`${judged.finding}: ${judged.detail}`);
    if (judged.content.type === 'watermark') watermarks.push(judged.content.payload);
  });
  const subject = reportSubject({ tier, site, from });
  let last: { number: number; hash: string | null } = { number: 0, hash: null };
  const compose = async (entry: ReportEntry): Promise<SignedReport> => {
    const number = last.number + 1;
    const at = new Date().toISOString();
    const payload = encodePayload('report', { from, number, previous: last.hash, at, entry });
    const hash = payloadHash(payload);
    last = { number, hash };
    return { number, hash, record: await signRecord('report', payload, signWith(signer)) };
  };
  const publish: Reporter['publish'] = async (report, change = {}) => {
    const messageId = change.messageId ?? `${from} ${report.number} ${report.hash}`;
    await connection.publish(change.subject ?? subject, report.record, { messageId });
  };
  return {
    code: from,
    signer,
    connection,
    watermarks,
    compose,
    publish,
    report: async (entry) => publish(await compose(entry)),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await reading;
      await connection.close();
    },
  };
}

async function readInbox(
  connection: AgencyConnection,
  signal: AbortSignal,
  take: (message: BusMessage) => void,
): Promise<void> {
  let lastSeq = 0;
  for await (const batch of connection.inbox('normal', { signal })) {
    for (const message of batch) {
      if (message.streamSeq > lastSeq) take(message); // else the broker handed it out again
      lastSeq = Math.max(lastSeq, message.streamSeq);
      message.ack();
    }
  }
}
