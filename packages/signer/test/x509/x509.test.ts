import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { buildCertificate, randomSerial } from '../../src/authority/build.ts';
import { encodeName } from '../../src/authority/profile.ts';
import { OID, TAG, encodeOid, encodeSequence, encodeTlv, readDer } from '../../src/der/index.ts';
import {
  encodePem,
  generateKeys,
  createKeySigner,
  parseCertificate,
  parseCertificates,
} from '../../src/index.ts';
import { type TestPki, createTestPki } from '../../src/testing/index.ts';
import { formatName, isWithinSubtree, namesEqual, readName } from '../../src/x509/name.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const letters = [
  'aàáảãạăằắẳẵặâầấẩẫậbcdđeèéẻẽẹêềếểễệghiìíỉĩịklmnoòóỏõọôồốổỗộơờớởỡợpqrstuùúủũụưừứửữựvxyỳýỷỹỵ',
  'AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬBCDĐEÈÉẺẼẸÊỀẾỂỄỆGHIÌÍỈĨỊKLMNOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢPQRSTUÙÚỦŨỤƯỪỨỬỮỰVXYỲÝỶỸỴ',
];

let pki: TestPki;

beforeAll(async () => {
  pki = await createTestPki();
});

const name = (...parts: readonly (readonly [string, number, string])[]) =>
  readName(
    readDer(
      encodeSequence(
        ...parts.map(([oid, tag, text]) => {
          const value = encodeTlv(tag, Buffer.from(text, 'utf8'));
          return encodeTlv(TAG.SET, encodeSequence(encodeOid(oid), value));
        }),
      ),
    ),
  );

describe('names', () => {
  it('keep every Vietnamese letter, in NFC, whatever form they came in', async () => {
    for (const [index, text] of letters.entries()) {
      for (const form of ['NFC', 'NFD']) {
        const keys = await generateKeys('ec-p256');
        const { certificate } = await pki.issue({ commonName: text.normalize(form), keys });
        expect(certificate.commonName).toBe(text.normalize('NFC'));
        expect(certificate.subjectText).toBe(`CN=${letters[index] ?? ''}, C=VN`);
      }
    }
  });

  it('are equal in NFC and NFD, and across case, spaces and string types', () => {
    const commonName = (tag: number, text: string) => name([OID.commonName, tag, text]);
    const base = commonName(TAG.UTF8_STRING, 'Sở Nội vụ');
    for (const text of ['Sở Nội vụ'.normalize('NFD'), 'SỞ NỘI VỤ', '  sở  nội vụ ']) {
      expect(namesEqual(base, commonName(TAG.UTF8_STRING, text))).toBe(true);
    }
    expect(namesEqual(base, commonName(TAG.UTF8_STRING, 'Sơ Nội vụ'))).toBe(false);
    const ascii = commonName(TAG.PRINTABLE_STRING, 'Good CA');
    expect(namesEqual(ascii, commonName(TAG.UTF8_STRING, 'good  ca'))).toBe(true);
    expect(namesEqual(ascii, name([OID.organizationName, TAG.UTF8_STRING, 'Good CA']))).toBe(false);
  });

  it('have subtrees', () => {
    const country = [OID.countryName, TAG.PRINTABLE_STRING, 'VN'] as const;
    const organization = [OID.organizationName, TAG.UTF8_STRING, 'Tỉnh'] as const;
    expect(isWithinSubtree(name(country, organization), name(country))).toBe(true);
    expect(isWithinSubtree(name(country), name(country, organization))).toBe(false);
    expect(isWithinSubtree(name(organization), name(country))).toBe(false);
    expect(isWithinSubtree(name(country), name())).toBe(true);
  });

  it('cannot spoil the line they are printed on', () => {
    const evil = name([OID.commonName, TAG.UTF8_STRING, 'a,O=b\n\u202Ec\0\\']);
    expect(formatName(evil)).toBe('CN=a\\,O\\=b\\u000a\\u202ec\\u0000\\\\');
  });

  it('are read by OpenSSL as they were meant', async () => {
    const { certificate } = await pki.issue({
      commonName: 'Nguyễn Thị Hường',
      organization: 'Sở Y tế',
    });
    const input = encodePem('CERTIFICATE', certificate.der);
    const options = ['-noout', '-subject', '-nameopt', 'RFC2253,utf8,-esc_msb'];
    const out = execFileSync('openssl', ['x509', ...options], { input, encoding: 'utf8' });
    expect(out.trim()).toBe('subject=CN=Nguyễn Thị Hường,O=Sở Y tế,C=VN');
  });
});

describe('certificates', () => {
  it('are parsed once', () => {
    const copy = Buffer.from(pki.root.der);
    expect(parseCertificate(copy)).toBe(pki.root);
    expect(parseCertificate(Buffer.from(encodePem('CERTIFICATE', copy)))).toBe(pki.root);
    copy.fill(0);
    expect(pki.root.der[0]).toBe(0x30);
  });

  it('come from PEM files with several blocks', () => {
    const pem = [pki.root, pki.issuing].map(({ der }) => encodePem('CERTIFICATE', der)).join('');
    const bytes = Buffer.from(`# hai chứng thư\n${pem}`);
    expect(parseCertificates(bytes)).toEqual([pki.root, pki.issuing]);
    expect(() => parseCertificate(bytes)).toThrow(
      expect.objectContaining({ code: 'SIGNER_CERTIFICATE_INVALID' }),
    );
  });

  it('made by OpenSSL are read the same way', () => {
    const folder = scratchFolder('x509', onTestFinished);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'k'];
    const subject = ['-utf8', '-subj', '/C=VN/O=Tỉnh Quảng Trị/CN=Thử', '-days', '10'];
    const serial = ['-set_serial', '0x00f1'];
    const args = ['req', '-x509', ...key, ...subject, ...serial, '-out', 'c.pem'];
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const certificate = parseCertificate(readFileSync(path.join(folder, 'c.pem')));
    expect(certificate.subjectText).toBe('CN=Thử, O=Tỉnh Quảng Trị, C=VN');
    expect(certificate.serialNumber).toBe('f1');
    expect(certificate.isSelfIssued).toBe(true);
    expect(certificate.basicConstraints?.cA).toBe(true);
  });

  it('are refused with an extension that stands twice', async () => {
    const extension = encodeSequence(encodeOid('1.2.3'), encodeTlv(TAG.OCTET_STRING));
    const { publicKey } = await generateKeys('ec-p256');
    const der = await buildCertificate(
      {
        subjectDer: encodeName({ commonName: 'x' }),
        publicKey,
        serial: randomSerial(),
        notBefore: new Date(0),
        notAfter: new Date(1e12),
        extensions: [extension, extension],
      },
      pki.issuingKey,
    );
    expect(() => parseCertificate(der)).toThrow(
      expect.objectContaining({ code: 'SIGNER_CERTIFICATE_INVALID' }),
    );
  });

  it('do not come with weak keys, and signers only with their own', async () => {
    const issue = (algorithm: 'ec-p256' | 'rsa-2048') => pki.issue({ commonName: 'x', algorithm });
    const [a, b] = await Promise.all([issue('ec-p256'), issue('rsa-2048')]);
    const foreign = { certificate: a.certificate, privateKey: b.keys.privateKey, chain: [] };
    expect(() => createKeySigner(foreign)).toThrow(
      expect.objectContaining({ code: 'SIGNER_KEY_MISMATCH' }),
    );
    await expect(a.sign(Buffer.from('x'), 'rsa-pkcs1-sha256')).rejects.toMatchObject({
      code: 'SIGNER_ALGORITHM_UNSUPPORTED',
    });
    const weak = execFileSync('openssl', ['genrsa', '1024'], { encoding: 'utf8', stdio: 'pipe' });
    const keys = { privateKey: createPrivateKey(weak), publicKey: createPublicKey(weak) };
    await expect(pki.issue({ commonName: 'yếu', keys })).rejects.toMatchObject({
      code: 'SIGNER_ALGORITHM_UNSUPPORTED',
    });
  });
});
