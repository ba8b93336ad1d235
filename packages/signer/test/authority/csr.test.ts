import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  buildCertificateRequest,
  parseCertificateRequest,
  readSubjectName,
} from '../../src/authority/csr.ts';
import { OID, encodeInteger, encodeSequence, encodeSetOf } from '../../src/der/index.ts';
import { SignerError } from '../../src/errors.ts';
import { generateKeys } from '../../src/keys/generate.ts';
import { createTestPki } from '../../src/testing/index.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const base = scratchFolder('csr');
const subject = {
  country: 'VN',
  organization: 'Ủy ban nhân dân tỉnh Quảng Trị',
  commonName: 'Sở Nội vụ',
};

function openssl(args: readonly string[], input?: string | Uint8Array): string {
  return execFileSync('openssl', args, { cwd: base, encoding: 'utf8', input, stdio: 'pipe' });
}

/** A request made by OpenSSL, DER. */
function requestOf(key: readonly string[], ...more: readonly string[]): Buffer {
  openssl([
    'req',
    '-new',
    '-nodes',
    '-newkey',
    ...key,
    '-keyout',
    'key.pem',
    '-out',
    'x.csr',
    ...more,
  ]);
  openssl(['req', '-in', 'x.csr', '-outform', 'der', '-out', 'x.der']);
  return readFileSync(path.join(base, 'x.der'));
}

const EC = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const NAME = ['-utf8', '-subj', '/C=VN/O=UBND xã Hải Lăng/CN=Ủy ban Hải Lăng'];

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return error instanceof SignerError ? error.code : String(error);
  }
}

describe('a certification request of ours', () => {
  it.each(['rsa-2048', 'ec-p256', 'ec-p384', 'ed25519'] as const)(
    'with a key of %s is verified and read by OpenSSL',
    async (algorithm) => {
      const { privateKey, publicKey } = await generateKeys(algorithm);
      const der = await buildCertificateRequest(privateKey, subject);
      const args = ['req', '-verify', '-noout', '-subject', '-nameopt', 'utf8,sep_comma_plus'];
      const shown = openssl(args, encodePem('CERTIFICATE REQUEST', der));
      expect(shown).toContain('CN=Sở Nội vụ');
      const read = parseCertificateRequest(der);
      expect(read.publicKey.equals(publicKey)).toBe(true);
      expect(readSubjectName(read.subject)).toEqual({ subject, leftOut: [] });
    },
  );

  it('asks for the names of a server', async () => {
    const { privateKey } = await generateKeys('ec-p256');
    const serverNames = { dns: ['bus.quangtri.gov.vn'], ip: ['10.0.0.1', '2001:db8:0:0:0:0:0:1'] };
    const der = await buildCertificateRequest(privateKey, subject, serverNames);
    const shown = openssl(['req', '-noout', '-text'], encodePem('CERTIFICATE REQUEST', der));
    expect(shown).toContain('DNS:bus.quangtri.gov.vn, IP Address:10.0.0.1');
    expect(parseCertificateRequest(der)).toMatchObject({
      serverNames,
      requestedExtensions: [OID.subjectAltName],
    });
  });

  it('is made with a key that only a Signer can use', async () => {
    const signer = await (await createTestPki()).issue({ commonName: 'Cũ' });
    const read = parseCertificateRequest(await buildCertificateRequest(signer, subject));
    expect(read.publicKey.equals(signer.certificate.publicKey)).toBe(true);
  });
});

describe('a certification request of others', () => {
  it.each([
    ['RSA', ['rsa:2048']],
    ['RSA-PSS', ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048', '-sigopt', 'rsa_pss_saltlen:32']],
    ['P-256', EC],
    ['Ed25519', ['ed25519']],
  ])('of OpenSSL with %s is read, in DER and PEM', (_, key) => {
    const der = requestOf(key, ...NAME);
    expect(parseCertificateRequest(der).subjectText).toBe(
      'CN=Ủy ban Hải Lăng, O=UBND xã Hải Lăng, C=VN',
    );
    const pem = readFileSync(path.join(base, 'x.csr'));
    expect(parseCertificateRequest(pem).der).toEqual(new Uint8Array(der));
  });

  it('is refused whichever bit of it is changed', () => {
    const der = requestOf(EC, ...NAME);
    const codes = new Set<string>();
    for (let at = 0; at < der.length; at += 1) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      codes.add(codeOf(() => parseCertificateRequest(changed)));
    }
    expect(codes).not.toContain('read');
    expect([...codes].filter((code) => !/^SIGNER_[A-Z]/.test(code))).toEqual([]);
  });

  it('is refused when it holds the key of somebody else', async () => {
    const [own, other] = await Promise.all([generateKeys('ec-p256'), generateKeys('ec-p256')]);
    const spki = other.publicKey.export({ format: 'der', type: 'spki' });
    const der = Buffer.from(await buildCertificateRequest(own.privateKey, subject));
    const ownSpki = own.publicKey.export({ format: 'der', type: 'spki' });
    spki.copy(der, der.indexOf(ownSpki));
    expect(() => parseCertificateRequest(der)).toThrow('nothing proves that the key is theirs');
  });

  it.each([
    ['a weak key', () => requestOf(['rsa:1024'], ...NAME), 'SIGNER_ALGORITHM_UNSUPPORTED'],
    ['SHA-1', () => requestOf(EC, ...NAME, '-sha1'), 'SIGNER_ALGORITHM_UNSUPPORTED'],
    [
      'trailing bytes',
      () => Buffer.concat([requestOf(EC, ...NAME), Buffer.alloc(1)]),
      'SIGNER_CSR_INVALID',
    ],
    ['nothing', () => new Uint8Array(), 'SIGNER_CSR_INVALID'],
    ['too many bytes', () => new Uint8Array(200_000), 'SIGNER_CSR_INVALID'],
    [
      'another structure',
      () => encodeSequence(encodeInteger(0), encodeSetOf([])),
      'SIGNER_CSR_INVALID',
    ],
    [
      'a certificate',
      () => Buffer.from(encodePem('CERTIFICATE', new Uint8Array(9))),
      'SIGNER_CSR_INVALID',
    ],
  ])('with %s is refused', (_, make, code) => {
    expect(codeOf(() => parseCertificateRequest(make()))).toBe(code);
  });

  it('may ask for what it wants: that is seen, and taken only as far as names go', () => {
    const wishes = [
      'basicConstraints=critical,CA:TRUE',
      'subjectAltName=DNS:a.example,email:x@y.vn',
    ];
    const der = requestOf(EC, ...NAME, ...wishes.flatMap((wish) => ['-addext', wish]));
    expect(parseCertificateRequest(der)).toMatchObject({
      serverNames: { dns: ['a.example'], ip: [] },
      requestedExtensions: [OID.basicConstraints, OID.subjectAltName],
    });
  });

  it('loses the parts of its name that certificates here do not have', () => {
    const der = requestOf(EC, '-utf8', '-subj', '/C=VN/ST=QT/CN=Sở Nội vụ/emailAddress=a@b.vn');
    expect(readSubjectName(parseCertificateRequest(der).subject)).toEqual({
      subject: { country: 'VN', commonName: 'Sở Nội vụ' },
      leftOut: [OID.stateOrProvinceName, OID.emailAddress],
    });
  });

  it.each([
    ['two common names', '/CN=một/CN=hai'],
    ['no common name', '/C=VN/O=một'],
  ])('with %s names nobody', (_, name) => {
    const request = parseCertificateRequest(requestOf(EC, '-utf8', '-subj', name));
    expect(codeOf(() => readSubjectName(request.subject))).toBe('SIGNER_CSR_INVALID');
  });
});
