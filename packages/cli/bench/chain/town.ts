import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAgencyCode } from '@congvan/bus';
import { initRelay } from '@congvan/bus/relay';
import { type LocalBus, startLocalBus } from '@congvan/bus/testing';
import { initAgent } from '@congvan/node-agent';
import { signCms, writePkcs12 } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

export const PASSPHRASE = 'bench';
export const SENDER = parseAgencyCode('H09.12.034');
export const RECIPIENT = parseAgencyCode('G09');
export const RELAY = parseAgencyCode('W01');

/** A broker with split accounts and the folders of a sender, a recipient and a relay. */
export interface Town extends AsyncDisposable {
  readonly folder: string;
  readonly bus: LocalBus;
  readonly pki: TestPki;
  readonly seal: TestSigner;
  readonly node: TestSigner;
  readonly credentials: Uint8Array;
  homeOf(role: 'sender' | 'recipient' | 'relay'): string;
}

export async function foundTown(): Promise<Town> {
  const folder = await mkdtemp(join(tmpdir(), 'congvan-bench-'));
  const homeOf = (role: string): string => join(folder, role);
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const bus = await startLocalBus({
    sites: ['H09', 'TW'],
    signRegistrar: async (tbs) =>
      await signCms({ content: tbs }, registrar, { certificates: 'none' }),
  });
  const trust = {
    anchors: [pki.root.der],
    intermediates: [pki.issuing.der],
    crls: [pki.rootCrl().der, pki.crl().der],
  };
  const registrarCertificate = registrar.certificate.der;
  const enrol = async (code: typeof SENDER, site: string, tier: 'central' | 'commune') => {
    const seal = await pki.issue({ commonName: `Con dấu ${code}`, use: 'seal' });
    const node = await pki.issue({ commonName: `Máy ${code}`, use: 'node' });
    const encryption = await pki.issue({
      commonName: `Máy ${code}`,
      use: 'encryption',
      algorithm: 'ec-p256',
    });
    const name = `Cơ quan ${code}`;
    const certificates = [
      listed('seal', seal),
      listed('node', node),
      listed('encryption', encryption),
    ];
    const { credentials } = await bus.addAgency({ code, name, site, tier, certificates });
    await initAgent({
      home: homeOf(code === SENDER ? 'sender' : 'recipient'),
      config: { code, name, tier, site, servers: [bus.url], relay: RELAY, notation: 'UBND-VP' },
      nodeP12: p12(node),
      sealP12: p12(seal),
      encryptionP12: p12(encryption),
      credentials,
      trust,
      registrarCertificate,
    });
    return { seal, node, credentials };
  };
  const sender = await enrol(SENDER, 'H09', 'commune');
  await enrol(RECIPIENT, 'TW', 'central');
  const relayNode = await pki.issue({ commonName: 'Trung tâm theo dõi', use: 'node' });
  const certificates = [listed('node', relayNode)];
  const relay = await bus.addRelay({ code: RELAY, site: 'TW', tier: 'central', certificates });
  await initRelay({
    home: homeOf('relay'),
    config: { code: RELAY, name: 'Trung tâm theo dõi', site: 'TW', servers: [bus.url] },
    nodeP12: p12(relayNode),
    credentials: relay.credentials,
    trust,
    registrarCertificate,
  });
  return {
    folder,
    bus,
    pki,
    ...sender,
    homeOf,
    [Symbol.asyncDispose]: async () => {
      await bus.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function listed(use: 'seal' | 'node' | 'encryption', signer: TestSigner) {
  const { sha256, der } = signer.certificate;
  return { use, sha256, der: Buffer.from(der).toString('base64') };
}

function p12({ certificate, chain, keys }: TestSigner): Uint8Array {
  const { privateKey } = keys;
  return writePkcs12({
    privateKey,
    certificate,
    chain,
    friendlyName: 'bench',
    passphrase: PASSPHRASE,
  });
}
