/** A real broker with many agencies that sign and report, and a relay's folder: for benchmarks and campaigns. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Signer, signCms } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

import { type AgencyConnection, connectAgency } from '../src/broker/agency-connection.ts';
import { type SignBytes, parseAgencyCode, reportSubject, signRecord } from '../src/index.ts';
import { type OpenRelayOptions, type Relay, initRelay, openRelay } from '../src/relay/index.ts';
import {
  type LocalBus,
  TEST_STREAM_LIMITS,
  type TrafficAgency,
  type TrafficReport,
  makeCountry,
  makeReports,
  startLocalBus,
} from '../src/testing/index.ts';

export interface CountryOptions {
  readonly agencies: number;
  readonly seed: number;
  /** What each site's stream of reports may hold. */
  readonly reportBytes: number;
  readonly signal?: AbortSignal;
}

/** A report, signed, and how it gets to the broker. */
export interface SignedReport {
  readonly connection: AgencyConnection;
  readonly subject: string;
  readonly record: Uint8Array;
  readonly messageId: string;
  readonly made: TrafficReport;
}

/** A relay's folder, and the key it signs with. */
export interface RelayPlace {
  readonly code: string;
  readonly home: string;
  readonly key: string;
  readonly certificate: string;
  readonly sign: SignBytes;
  /** In this process. */
  open(options?: Partial<OpenRelayOptions>): Promise<Relay>;
}

export interface RelayCountry extends AsyncDisposable {
  readonly bus: LocalBus;
  readonly pki: TestPki;
  readonly country: readonly TrafficAgency[];
  /** The folder of all that the country keeps. */
  readonly folder: string;
  /** Signs so many reports of the traffic, in its order. */
  sign(reports: Iterable<TrafficReport>, count: number): Promise<SignedReport[]>;
  /** Traffic of this country that has at least so many reports. */
  traffic(count: number): Iterable<TrafficReport>;
  /** Each relay reads all reports for itself. */
  addRelay(code: string): Promise<RelayPlace>;
}

const RELAY_SITE = 'TW';
/** Reports that a delivery brings, its dispatch among them. */
const REPORTS_PER_DELIVERY = 2.2;

export async function startRelayCountry(options: CountryOptions): Promise<RelayCountry> {
  const { agencies, seed, reportBytes } = options;
  const country = makeCountry(agencies, seed);
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const sites = [...new Set([RELAY_SITE, ...country.map(({ site }) => site)])];
  const limits = { ...TEST_STREAM_LIMITS, inboxBytes: 64 * 2 ** 20, reportBytes };
  const bus = await startLocalBus({
    sites,
    limits,
    storeBytes: 64 * 2 ** 30,
    signRegistrar: signWith(registrar),
  });
  const folder = await mkdtemp(join(tmpdir(), 'congvan-relay-country-'));
  const members: Member[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(members.map(({ connection }) => connection.close()));
    await bus.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const agency of country) {
      options.signal?.throwIfAborted();
      members.push(await enrol(bus, pki, agency));
    }
    return {
      bus,
      pki,
      country,
      folder,
      sign: (reports, count) => signReports(members, reports, count),
      traffic: (count) => {
        const deliveries = Math.ceil((count / REPORTS_PER_DELIVERY) * 1.3);
        const oneLostIn = 0;
        return makeReports({ country, seed, from: '2026-07', months: 3, deliveries, oneLostIn });
      },
      addRelay: (code) => addRelay({ bus, pki, folder, registrar }, code),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Publishes in order, so many at once; a publish that fails is repeated until it is acknowledged. */
export async function publishReports(
  reports: readonly SignedReport[],
  options: { readonly atOnce: number; readonly signal?: AbortSignal },
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      options.signal?.throwIfAborted();
      const report = reports[next];
      next += 1;
      if (report === undefined) return;
      const { connection, subject, record, messageId } = report;
      await connection.publish(subject, record, { messageId });
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
}

export function signWith(signer: Signer): SignBytes {
  return (tbs) => signCms({ content: tbs }, signer, { certificates: 'none' });
}

interface Member {
  readonly agency: TrafficAgency;
  readonly signer: TestSigner;
  readonly connection: AgencyConnection;
}

async function enrol(bus: LocalBus, pki: TestPki, agency: TrafficAgency): Promise<Member> {
  const { code, name, tier, site, parent } = agency;
  const signer = await pki.issue({ commonName: `Nút ${code}`, use: 'node' });
  const { credentials } = await bus.addAgency({
    code,
    name,
    tier,
    site,
    parent: parent?.code ?? null,
    validFrom: '2020-01-01T00:00:00.000Z',
    certificates: [listed(signer)],
  });
  const servers = bus.url;
  const connection = await connectAgency({ servers, credentials, name: 'load', code, site });
  return { agency, signer, connection };
}

async function signReports(
  members: readonly Member[],
  reports: Iterable<TrafficReport>,
  count: number,
): Promise<SignedReport[]> {
  const signed: SignedReport[] = [];
  for (const made of reports) {
    if (signed.length === count) break;
    const member = members[made.agencyIndex];
    if (member === undefined) throw new RangeError(`nobody is ${made.agency}`);
    const { connection, signer } = member;
    const subject = reportSubject({ tier: made.tier, site: made.site, from: made.agency });
    const record = await signRecord('report', made.payload, signWith(signer));
    const messageId = `${made.agency} ${made.number} ${made.payloadHash}`;
    signed.push({ connection, subject, record, messageId, made });
  }
  return signed;
}

interface Place {
  readonly bus: LocalBus;
  readonly pki: TestPki;
  readonly folder: string;
  readonly registrar: TestSigner;
}

async function addRelay({ bus, pki, folder, registrar }: Place, text: string): Promise<RelayPlace> {
  const code = parseAgencyCode(text);
  const name = `Trung tâm đối soát ${code}`;
  const signer = await pki.issue({ commonName: name, use: 'node' });
  const site = RELAY_SITE;
  const certificates = [listed(signer)];
  const { credentials } = await bus.addRelay({ code, site, tier: 'central', certificates });
  const home = join(folder, code);
  await initRelay({
    home,
    config: { code, name, site, servers: [bus.url] },
    nodeP12: new TextEncoder().encode('not opened: `sign` is given'),
    credentials,
    trust: {
      anchors: [pki.root.der],
      intermediates: [pki.issuing.der],
      crls: [pki.rootCrl().der, pki.crl().der],
    },
    registrarCertificate: registrar.certificate.der,
  });
  const files = { key: join(folder, `${code}.key`), certificate: join(folder, `${code}.crt`) };
  const pem = signer.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(files.key, pem, { mode: 0o600 });
  await writeFile(files.certificate, signer.certificate.der);
  const sign = signWith(signer);
  const open = (options = {}): Promise<Relay> => openRelay({ home, sign, ...options });
  return { code, home, ...files, sign, open };
}

function listed({ certificate }: Signer) {
  const der = Buffer.from(certificate.der).toString('base64');
  return { use: 'node' as const, sha256: certificate.sha256, der };
}
