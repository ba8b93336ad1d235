import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AgencyCode, type Tier, parseAgencyCode } from '@congvan/bus';
import { type LocalBus, type LocalBusOptions, startLocalBus } from '@congvan/bus/testing';
import { signCms, writePkcs12 } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';
import { PDFDocument, PDFName, StandardFonts } from 'pdf-lib';

import { type Agent, type OpenAgentOptions, initAgent, openAgent } from '../../src/index.ts';
import { PASSPHRASE } from './passphrase.ts';

export const RELAY = parseAgencyCode('W01');

/** Test keys need no protection against guessing; the full count costs 0.1 s for each file. */
export const TEST_ITERATIONS = 1_000;

/** An agency with its folder, its keys in the open and its agent when a test opens it. */
export interface Office {
  readonly code: AgencyCode;
  readonly home: string;
  readonly seal: TestSigner;
  readonly node: TestSigner;
  readonly encryption: TestSigner;
  open(options?: Partial<OpenAgentOptions>): Promise<Agent>;
}

export interface OfficeInput {
  readonly code: string;
  readonly tier: Tier;
  readonly site: string;
  readonly name?: string;
  readonly seal?: TestSigner;
  readonly node?: TestSigner;
  /** `null`: an agency for which nothing can be sealed. */
  readonly encryption?: TestSigner | null;
  /** Where its agent looks for the broker: a line that can be shaped and cut. */
  readonly servers?: readonly string[];
  readonly line?: { readonly chunkBytes?: number; readonly window?: number };
  readonly validTo?: string;
  readonly unsigned?: 'accept' | 'refuse';
}

/** A real broker, a real PKI and the offices a test asks for, in one temporary folder. */
export interface Town extends AsyncDisposable {
  readonly folder: string;
  readonly bus: LocalBus;
  readonly pki: TestPki;
  readonly relay: {
    readonly code: AgencyCode;
    readonly node: TestSigner;
    readonly credentials: Uint8Array;
  };
  addOffice(input: OfficeInput): Promise<Office>;
}

export async function foundTown(
  options: Pick<LocalBusOptions, 'limits' | 'storeBytes'> = {},
): Promise<Town> {
  const folder = await mkdtemp(join(tmpdir(), 'congvan-town-'));
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const bus = await startLocalBus({
    ...options,
    sites: ['H09', 'H45', 'TW'],
    signRegistrar: async (tbs) =>
      await signCms({ content: tbs }, registrar, { certificates: 'none' }),
  });
  const relayNode = await pki.issue({ commonName: 'Trung tâm theo dõi', use: 'node' });
  const relay = await bus.addRelay({
    code: RELAY,
    site: 'TW',
    tier: 'central',
    certificates: [listed('node', relayNode)],
  });
  return {
    folder,
    bus,
    pki,
    relay: { code: RELAY, node: relayNode, credentials: relay.credentials },
    addOffice: async (input) => await addOffice(input, { folder, bus, pki, registrar }),
    [Symbol.asyncDispose]: async () => {
      await bus.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function addOffice(
  input: OfficeInput,
  town: { folder: string; bus: LocalBus; pki: TestPki; registrar: TestSigner },
): Promise<Office> {
  const { folder, bus, pki, registrar } = town;
  const code = parseAgencyCode(input.code);
  const name = input.name ?? `Ủy ban ${code}`;
  const seal =
    input.seal ?? (await pki.issue({ commonName: name, use: 'seal', algorithm: 'ec-p256' }));
  const node = input.node ?? (await pki.issue({ commonName: `${name} (máy)`, use: 'node' }));
  const encryption = input.encryption ?? (await issueEncryption(pki, name));
  const isSealable = input.encryption !== null;
  const enrolled = await bus.addAgency({
    code,
    name,
    tier: input.tier,
    site: input.site,
    certificates: [
      listed('seal', seal),
      listed('node', node),
      ...(isSealable ? [listed('encryption', encryption)] : []),
    ],
    validFrom: '2020-01-01T00:00:00.000Z',
    ...(input.validTo === undefined ? {} : { validTo: input.validTo }),
  });
  const home = join(folder, input.code.replaceAll('.', '-'));
  await initAgent({
    home,
    config: {
      code,
      name,
      tier: input.tier,
      site: input.site,
      servers: [...(input.servers ?? [bus.url])],
      relay: RELAY,
      notation: 'UBND-VP',
      policy: { unsigned: input.unsigned ?? 'accept' },
      ...(input.line === undefined ? {} : { line: input.line }),
    },
    nodeP12: p12(node),
    sealP12: p12(seal),
    encryptionP12: p12(encryption),
    credentials: enrolled.credentials,
    trust: {
      anchors: [pki.root.der],
      intermediates: [pki.issuing.der],
      crls: [pki.rootCrl().der, pki.crl().der],
    },
    registrarCertificate: registrar.certificate.der,
  });
  return {
    code,
    home,
    seal,
    node,
    encryption,
    open: async (options = {}) =>
      await openAgent({
        home,
        passphrase: { node: async () => PASSPHRASE, seal: async () => PASSPHRASE },
        ...options,
      }),
  };
}

export async function issueEncryption(pki: TestPki, name: string): Promise<TestSigner> {
  return await pki.issue({
    commonName: `${name} (máy)`,
    use: 'encryption',
    algorithm: 'ec-p256',
  });
}

/** Puts the PKI's newest CRL into an office's trust folder, as an operator would. */
export async function renewCrl(office: Office, pki: TestPki): Promise<void> {
  await writeFile(join(office.home, 'trust', 'crls', '2.crl'), pki.crl().der);
}

function listed(
  use: 'seal' | 'node' | 'encryption',
  signer: TestSigner,
): { use: 'seal' | 'node' | 'encryption'; sha256: string; der: string } {
  const { sha256, der } = signer.certificate;
  return { use, sha256, der: Buffer.from(der).toString('base64') };
}

function p12(signer: TestSigner): Uint8Array {
  const { certificate, chain, keys } = signer;
  return writePkcs12({
    privateKey: keys.privateKey,
    certificate,
    chain,
    friendlyName: certificate.commonName ?? 'key',
    passphrase: PASSPHRASE,
    iterations: TEST_ITERATIONS,
  });
}

/** A small real PDF; `bytes` of noise make it larger. */
export async function makePdf(text: string, noiseBytes = 0): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.TimesRoman);
  pdf.addPage([595, 842]).drawText(text, { x: 72, y: 760, size: 13, font });
  if (noiseBytes > 0) {
    const noise = pdf.context.stream(randomBytes(noiseBytes));
    pdf.catalog.set(PDFName.of('TestNoise'), pdf.context.register(noise));
  }
  return await pdf.save();
}
