import { beforeAll, describe, expect, it } from 'vitest';

import { buildCertificate, randomSerial } from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import { encodeName, endEntityExtensions } from '../../src/authority/profile.ts';
import { OID, encodeOid, encodeSequence } from '../../src/der/index.ts';
import {
  EMPTY_VALIDATION_DATA,
  type OcspResponse,
  type OcspStatement,
  type SignatureAlgorithm,
  type Signer,
  buildOcspResponse,
  certIdOf,
  createKeySigner,
  createTrustStore,
  encodeOcspRequest,
  encodePem,
  generateKeys,
  parseCertificate,
  parseOcspRequest,
  parseOcspResponse,
  validatePath,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { issueOdd } from '../support/odd-certificate.ts';
import { issuingSigner } from '../support/test-ocsp.ts';
import { runInFolder } from '../support/run-in-folder.ts';

// OpenSSL judges status times by the machine's clock, so these tests do too.
const now = new Date(Math.floor(Date.now() / 1000) * 1000);
const hours = (count: number): Date => new Date(Number(now) + count * 60 * 60 * 1000);

let pki: TestPki;
let good: TestSigner;
let bad: TestSigner;
let rsaResponder: TestSigner;
let files: Record<string, Uint8Array>;

const pem = (der: Uint8Array): Uint8Array => Buffer.from(encodePem('CERTIFICATE', der));

beforeAll(async () => {
  pki = await createTestPki();
  [good, bad, rsaResponder] = await Promise.all([
    pki.issue({ commonName: 'Tốt', use: 'node' }),
    pki.issue({ commonName: 'Đã thu hồi', use: 'node' }),
    pki.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp', algorithm: 'rsa-2048' }),
  ]);
  files = {
    'chain.pem': Buffer.concat([pem(pki.root.der), pem(pki.issuing.der)]),
    'issuing.pem': pem(pki.issuing.der),
    'good.pem': pem(good.certificate.der),
    'bad.pem': pem(bad.certificate.der),
    'responder.pem': pem(rsaResponder.certificate.der),
    'responder.key': Buffer.from(
      rsaResponder.keys.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    ),
  };
});

const RSA_ALGORITHMS = ['rsa-pkcs1-sha384', 'rsa-pkcs1-sha512', 'rsa-pss-sha256'] as const;

function withAlgorithm(
  { certificate, chain, keys }: TestSigner,
  algorithm: SignatureAlgorithm,
): Signer {
  return createKeySigner({ privateKey: keys.privateKey, certificate, chain, algorithm });
}

describe('openssl ocsp', () => {
  it('verifies our responses, by issuer and delegate, named by key and by name', async () => {
    const ecResponder = await pki.issue({ commonName: 'OCSP P-256', use: 'ocsp' });
    const responders = [
      issuingSigner(pki),
      ecResponder,
      rsaResponder,
      ...RSA_ALGORITHMS.map((algorithm) => withAlgorithm(rsaResponder, algorithm)),
    ];
    for (const signer of responders) {
      for (const responderId of ['key', 'name'] as const) {
        const times = { thisUpdate: hours(-1), nextUpdate: hours(1) };
        const response = await buildOcspResponse({
          responses: [
            { certId: certIdOf(good.certificate, pki.issuing), status: 'good', ...times },
            {
              certId: certIdOf(bad.certificate, pki.issuing),
              status: { revokedAt: hours(-48), reason: 'superseded', invalidSince: hours(-72) },
              ...times,
              archiveCutoff: new Date('2020-01-01'),
            },
          ],
          producedAt: now,
          signer,
          responderId,
        });
        const asked = ['-issuer', 'issuing.pem', '-cert', 'good.pem', '-cert', 'bad.pem'];
        const { status, output } = runInFolder(
          'openssl',
          ['ocsp', '-respin', 'response.der', ...asked, '-CAfile', 'chain.pem', '-no_nonce'],
          { ...files, 'response.der': response },
        );
        expect(status).toBe(0);
        expect(output).toContain('Response verify OK');
        expect(output).toContain('good.pem: good');
        expect(output).toMatch(/bad\.pem: revoked[\s\S]*Reason: superseded/);
        expect(output).not.toContain('WARNING: Status times invalid');
      }
    }
  });

  /** A response on the good certificate, and whether it should prove anything. */
  interface Case {
    readonly name: string;
    readonly counts: boolean;
    make(): Promise<Uint8Array>;
  }

  const statement = (changes: Partial<OcspStatement> = {}): OcspStatement => ({
    certId: certIdOf(good.certificate, pki.issuing),
    status: 'good',
    thisUpdate: hours(-1),
    nextUpdate: hours(1),
    ...changes,
  });
  const build = (signer: Signer, changes: Partial<OcspStatement> = {}): Promise<Uint8Array> =>
    buildOcspResponse({ responses: [statement(changes)], producedAt: now, signer });
  const usage = (oid: string): Uint8Array =>
    encodeExtension(OID.extKeyUsage, false, encodeSequence(encodeOid(oid)));

  const cases: readonly Case[] = [
    { name: 'signed by the issuer', counts: true, make: () => build(issuingSigner(pki)) },
    { name: 'signed by a delegate', counts: true, make: () => build(rsaResponder) },
    {
      name: 'CertID with SHA-256',
      counts: true,
      make: () =>
        build(rsaResponder, { certId: certIdOf(good.certificate, pki.issuing, 'sha256') }),
    },
    {
      name: 'without nextUpdate, ten minutes old',
      counts: true,
      make: () => build(rsaResponder, { thisUpdate: hours(-1 / 6), nextUpdate: undefined }),
    },
    {
      name: 'out of date',
      counts: false,
      make: () => build(rsaResponder, { thisUpdate: hours(-9), nextUpdate: hours(-2) }),
    },
    {
      name: 'on another certificate',
      counts: false,
      make: () => build(rsaResponder, { certId: certIdOf(bad.certificate, pki.issuing) }),
    },
    {
      name: 'on another issuer',
      counts: false,
      make: () => build(rsaResponder, { certId: certIdOf(good.certificate, pki.root) }),
    },
    { name: 'unknown', counts: false, make: () => build(rsaResponder, { status: 'unknown' }) },
    { name: 'signed by an agency of the same CA', counts: false, make: () => build(good) },
    {
      name: 'signed by a delegate for something else',
      counts: false,
      make: async () => build(await issueOdd(pki, [usage(OID.clientAuth)])),
    },
    {
      name: 'signed by a delegate for any use',
      counts: false,
      make: async () => build(await issueOdd(pki, [usage(OID.anyExtendedKeyUsage)])),
    },
    {
      name: 'signed by a delegate of another CA of the same name',
      counts: false,
      make: async () => {
        const stranger = await createTestPki();
        return build(await stranger.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' }));
      },
    },
    {
      name: 'signed by a delegate of the root',
      counts: false,
      make: async () => {
        const { publicKey, privateKey } = await generateKeys('ec-p256');
        const content = {
          subjectDer: encodeName({ commonName: 'OCSP gốc' }),
          publicKey,
          serial: randomSerial(),
          notBefore: new Date('2025-01-01'),
          notAfter: new Date('2040-01-01'),
          extensions: endEntityExtensions('ocsp'),
        };
        const certificate = parseCertificate(await buildCertificate(content, pki.rootKey));
        return build(createKeySigner({ privateKey, certificate, chain: [] }));
      },
    },
    {
      name: 'signed by a delegate that has expired',
      counts: false,
      make: async () => {
        const life = { notBefore: new Date('2025-01-01'), notAfter: hours(-3) };
        return build(await pki.issue({ commonName: 'OCSP cũ', use: 'ocsp', ...life }));
      },
    },
    {
      name: 'changed after it was signed',
      counts: false,
      make: async () => {
        const response = Buffer.from(await build(rsaResponder));
        const last = response.indexOf(good.certificate.serialNumber, 'hex');
        response.writeUInt8(response.readUInt8(last - 4) ^ 1, last - 4); // in the key hash
        return response;
      },
    },
  ];

  it.each(cases)('judges as we do: $name', async ({ make, counts }) => {
    const response = await make();
    const asked = ['-issuer', 'issuing.pem', '-sha1', '-cert', 'good.pem'];
    const askedAgain = ['-sha256', '-cert', 'good.pem'];
    const { output } = runInFolder(
      'openssl',
      ['ocsp', '-respin', 'in.der', ...asked, ...askedAgain, '-CAfile', 'chain.pem', '-no_nonce'],
      { ...files, 'in.der': response },
    );
    const itCounts =
      output.includes('Response verify OK') &&
      output.includes('good.pem: good') &&
      !output.includes('Status times invalid');
    expect(itCounts).toBe(counts);
    const verdict = judge(good, parseOcspResponse(response));
    expect(verdict).toBe(counts ? 'TOTAL-PASSED' : 'TRY_LATER');
  });

  it('reads our requests, and we read its own', () => {
    const nonce = Buffer.alloc(16, 0xab);
    const request = encodeOcspRequest(good.certificate, pki.issuing, { nonce });
    const { output } = runInFolder('openssl', ['ocsp', '-reqin', 'request.der', '-req_text'], {
      'request.der': request,
    });
    expect(output).toContain(good.certificate.serialNumber.toUpperCase());
    expect(output).toMatch(/OCSP Nonce:[\s\S]*ABABAB/i);
    for (const digest of ['-sha1', '-sha256'] as const) {
      const made = runInFolder(
        'openssl',
        ['ocsp', digest, '-issuer', 'issuing.pem', '-cert', 'good.pem', '-reqout', 'out.der'],
        files,
        'out.der',
      ).file;
      const parsed = parseOcspRequest(made);
      const hash = digest === '-sha1' ? 'sha1' : 'sha256';
      const wanted = certIdOf(good.certificate, pki.issuing, hash);
      expect(parsed.certIds[0]).toMatchObject({ hash, serialNumber: wanted.serialNumber });
      expect(Buffer.from(parsed.certIds[0]?.issuerKeyHash ?? [])).toEqual(wanted.issuerKeyHash);
      expect(parsed.nonce?.length).toBe(16);
    }
  });

  it('answers our requests as a responder, in a form we accept and judge alike', () => {
    for (const nameForm of [[], ['-resp_key_id']]) {
      const answer = (asked: TestSigner): OcspResponse => {
        const nonce = Buffer.alloc(16, 1);
        const request = encodeOcspRequest(asked.certificate, pki.issuing, { nonce });
        const signing = [
          '-CA',
          'issuing.pem',
          '-rsigner',
          'responder.pem',
          '-rkey',
          'responder.key',
        ];
        const served = ['-index', 'index.txt', '-ndays', '1', ...nameForm];
        const { file } = runInFolder(
          'openssl',
          ['ocsp', ...served, ...signing, '-reqin', 'request.der', '-respout', 'response.der'],
          { ...files, 'index.txt': indexOf(good, bad), 'request.der': request },
          'response.der',
        );
        const response = parseOcspResponse(file);
        expect(Buffer.from(response.nonce ?? [])).toEqual(nonce);
        return response;
      };
      expect(answer(good).responderId.kind).toBe(nameForm.length === 0 ? 'name' : 'key');
      expect(judge(good, answer(good))).toBe('TOTAL-PASSED');
      expect(judge(bad, answer(bad))).toBe('REVOKED');
      const { responses } = answer(rsaResponder); // not in its index
      expect(responses[0]?.status).toBe('unknown');
      expect(judge(good, answer(bad))).toBe('TRY_LATER');
    }
  });
});

/** The index of `openssl ca`: one valid and one revoked certificate. */
function indexOf(valid: TestSigner, revoked: TestSigner): Uint8Array {
  const serial = ({ certificate }: TestSigner): string => certificate.serialNumber.toUpperCase();
  const time = '260101000000Z';
  return Buffer.from(
    `V\t490101000000Z\t\t${serial(valid)}\tunknown\t/CN=A\n` +
      `R\t490101000000Z\t${time},keyCompromise\t${serial(revoked)}\tunknown\t/CN=B\n`,
  );
}

function judge({ certificate }: TestSigner, ocsp: OcspResponse): string {
  const trust = createTrustStore({
    anchors: [pki.root],
    intermediates: [pki.issuing],
    crls: [pki.rootCrl()],
  });
  const data = { ...EMPTY_VALIDATION_DATA, ocsps: [ocsp] };
  // OpenSSL's responder says "now" a moment after this file did.
  const verdict = validatePath(certificate, { trust, at: new Date(), data, revocation: 'require' });
  return verdict.subIndication ?? verdict.indication;
}
