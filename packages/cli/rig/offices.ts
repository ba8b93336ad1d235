import type { AgencyCode, Site, Tier } from '@congvan/bus';
import { initRelay } from '@congvan/bus/relay';
import type { AgencyInput, Enrolled } from '@congvan/bus/site';
import { initAgent } from '@congvan/node-agent';
import { type CertificateUse, signCms, writePkcs12 } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

/** Opens every key of a rig. */
export const PASSPHRASE = 'rig';

/** An authority and a registrar of their own, for the folders of real agencies and relays. */
export interface Offices {
  readonly pki: TestPki;
  readonly signRegistrar: (tbs: Uint8Array) => Promise<Uint8Array>;
  addAgency(input: OfficeInput, host: Host): Promise<Office>;
  addRelay(input: RelayInput, host: Host): Promise<void>;
}

export interface OfficeInput {
  readonly code: AgencyCode;
  readonly site: Site;
  readonly tier: Tier;
  readonly home: string;
  readonly relay: AgencyCode;
  readonly line?: { readonly chunkBytes: number; readonly window: number };
}

export interface RelayInput {
  readonly code: AgencyCode;
  readonly site: Site;
  readonly home: string;
  /** The sites it reads; left out: all. */
  readonly sites?: readonly Site[];
  /** Where it reads in a federated plan, when that is the centre. */
  readonly central?: { readonly servers: readonly string[]; readonly credentials: Uint8Array };
}

/** Who enters an agency in the directory, and where it then connects. */
export interface Host {
  readonly url: string;
  enter(input: AgencyInput): Promise<Enrolled>;
}

export interface Office {
  readonly seal: TestSigner;
  readonly node: TestSigner;
  readonly credentials: Uint8Array;
}

export async function openOffices(): Promise<Offices> {
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const common = {
    trust: {
      anchors: [pki.root.der],
      intermediates: [pki.issuing.der],
      crls: [pki.rootCrl().der, pki.crl().der],
    },
    registrarCertificate: registrar.certificate.der,
  };
  const issue = async (code: AgencyCode, use: Use): Promise<TestSigner> =>
    await pki.issue({
      commonName: `${use} ${code}`,
      use,
      ...(use === 'encryption' ? { algorithm: 'ec-p256' as const } : {}),
    });
  return {
    pki,
    signRegistrar: async (tbs) =>
      await signCms({ content: tbs }, registrar, { certificates: 'none' }),
    addAgency: async ({ code, site, tier, home, relay, line }, host) => {
      const seal = await issue(code, 'seal');
      const node = await issue(code, 'node');
      const encryption = await issue(code, 'encryption');
      const name = `Cơ quan ${code}`;
      const { credentials } = await host.enter({
        code,
        name,
        tier,
        parent: null,
        site,
        certificates: [
          listed('seal', seal),
          listed('node', node),
          listed('encryption', encryption),
        ],
      });
      await initAgent({
        ...common,
        home,
        config: {
          code,
          name,
          tier,
          site,
          servers: [host.url],
          relay,
          notation: 'UBND-VP',
          ...(line === undefined ? {} : { line }),
        },
        nodeP12: p12(node),
        sealP12: p12(seal),
        encryptionP12: p12(encryption),
        credentials,
      });
      return { seal, node, credentials };
    },
    addRelay: async ({ code, site, home, sites, central }, host) => {
      const node = await issue(code, 'node');
      const name = `Trung tâm theo dõi ${code}`;
      const { credentials } = await host.enter({
        code,
        name,
        tier: 'central',
        parent: null,
        site,
        certificates: [listed('node', node)],
      });
      await initRelay({
        ...common,
        home,
        config: {
          code,
          name,
          site,
          servers: [host.url],
          ...(sites === undefined ? {} : { sites }),
          ...(central === undefined ? {} : { central: { servers: central.servers } }),
        },
        nodeP12: p12(node),
        credentials,
        ...(central === undefined ? {} : { centralCredentials: central.credentials }),
      });
    },
  };
}

type Use = Extract<CertificateUse, 'seal' | 'node' | 'encryption'>;

function listed(use: Use, { certificate }: TestSigner) {
  const { sha256, der } = certificate;
  return { use, sha256, der: Buffer.from(der).toString('base64') };
}

function p12({ certificate, chain, keys }: TestSigner): Uint8Array {
  const { privateKey } = keys;
  const friendlyName = certificate.commonName ?? 'key';
  return writePkcs12({ privateKey, certificate, chain, friendlyName, passphrase: PASSPHRASE });
}
