/**
 * A department's system that embeds the agent: two agencies exchange one document over a real bus.
 *
 * `packed.test.ts` copies this file into an empty project beside the packed packages, type-checks it
 * there and runs it. It prints one JSON object.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Tier, parseAgencyCode } from '@congvan/bus';
import { startLocalBus, waitUntil } from '@congvan/bus/testing';
import { type Agent, initAgent, openAgent } from '@congvan/node-agent';
import { signCms, writePkcs12 } from '@congvan/signer';
import { type TestSigner, createTestPki } from '@congvan/signer/testing';

const PASSPHRASE = 'mật khẩu của máy';
const WAIT_MS = 20_000;
const PDF = `%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]>> endobj
xref
0 4
0000000000 65535 f 
0000000009 00000 n 
0000000056 00000 n 
0000000111 00000 n 
trailer <</Size 4 /Root 1 0 R>>
startxref
180
%%EOF
`;

const folder = await mkdtemp(join(tmpdir(), 'congvan-embed-'));
const pki = await createTestPki();
const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
const relay = parseAgencyCode('W01');
const bus = await startLocalBus({
  sites: ['H09', 'TW'],
  signRegistrar: (tbs) => signCms({ content: tbs }, registrar, { certificates: 'none' }),
});

try {
  await bus.addRelay({ code: relay, site: 'TW', tier: 'central' });
  const homes = [
    await enrol('H09.12.034', 'commune', 'H09'),
    await enrol('G09', 'central', 'TW'),
  ] as const;
  const [sender, recipient] = await Promise.all([open(homes[0]), open(homes[1])]);
  await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);

  const sent = await sender.send({
    to: ['G09'],
    document: { name: 'Báo cáo.pdf', pdf: Buffer.from(PDF) },
    abstract: 'Về việc nhúng tác nhân vào phần mềm của đơn vị',
    documentType: 'Báo cáo',
  });
  for await (const document of recipient.incoming({ signal: AbortSignal.timeout(WAIT_MS) })) {
    const { incomingNumber } = await recipient.accept(document.id);
    const status = () => sender.track(sent.documentId).deliveries[0]?.status;
    await waitUntil(() => status() === '03', WAIT_MS);
    const { from, documentIndication } = document;
    console.log(JSON.stringify({ from, documentIndication, incomingNumber, status: status() }));
    break;
  }
  await Promise.all([sender.close(), recipient.close()]);
} finally {
  await bus.stop();
  await rm(folder, { recursive: true, force: true });
}

/** @returns the agency's folder, ready to be opened. */
async function enrol(code: string, tier: Tier, site: string): Promise<string> {
  const seal = await pki.issue({ commonName: `Ủy ban ${code}`, use: 'seal' });
  const node = await pki.issue({ commonName: `Máy của ${code}`, use: 'node' });
  const encryption = await pki.issue({
    commonName: `Máy của ${code}`,
    use: 'encryption',
    algorithm: 'ec-p256',
  });
  const enrolled = await bus.addAgency({
    code,
    tier,
    site,
    validFrom: '2020-01-01T00:00:00.000Z',
    certificates: [listed('seal', seal), listed('node', node), listed('encryption', encryption)],
  });
  const home = join(folder, code);
  await initAgent({
    home,
    config: {
      code: parseAgencyCode(code),
      name: `Ủy ban ${code}`,
      tier,
      site,
      relay,
      servers: [bus.url],
      notation: 'UBND-VP',
    },
    nodeP12: writeP12(node),
    sealP12: writeP12(seal),
    encryptionP12: writeP12(encryption),
    credentials: enrolled.credentials,
    trust: {
      anchors: [pki.root.der],
      intermediates: [pki.issuing.der],
      crls: [pki.rootCrl().der, pki.crl().der],
    },
    registrarCertificate: registrar.certificate.der,
  });
  return home;
}

async function open(home: string): Promise<Agent> {
  const passphrase = async () => PASSPHRASE;
  return await openAgent({ home, passphrase: { node: passphrase, seal: passphrase } });
}

function listed(use: 'seal' | 'node' | 'encryption', { certificate }: TestSigner) {
  const der = Buffer.from(certificate.der).toString('base64');
  return { use, sha256: certificate.sha256, der };
}

function writeP12({ keys, certificate, chain }: TestSigner): Uint8Array {
  const { privateKey } = keys;
  const friendlyName = certificate.commonName ?? 'key';
  return writePkcs12({ privateKey, certificate, chain, friendlyName, passphrase: PASSPHRASE });
}
