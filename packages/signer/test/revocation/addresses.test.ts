import { beforeAll, describe, expect, it } from 'vitest';

import { encodeExtension } from '../../src/authority/encode-extension.ts';
import {
  OID,
  encodeBitString,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeImplicit,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
} from '../../src/der/index.ts';
import {
  SignerError,
  certIdOf,
  encodePem,
  parseBasicOcspResponse,
  parseCertificateFile,
} from '../../src/index.ts';
import { encodeCertId } from '../../src/revocation/ocsp-request.ts';
import { type TestPki, createTestPki } from '../../src/testing/index.ts';
import { caIssuerUrlsOf, ocspUrlsOf } from '../../src/x509/authority-info.ts';
import { freshestCrlUrlsOf } from '../../src/x509/distribution-urls.ts';
import { issueOdd } from '../support/odd-certificate.ts';
import { runInFolder } from '../support/run-in-folder.ts';

let pki: TestPki;

beforeAll(async () => {
  pki = await createTestPki();
});

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof SignerError ? error.code : `foreign: ${String(error)}`;
  }
  return 'no error';
};

describe('addresses in a certificate', () => {
  it('are read by kind', async () => {
    const urls = {
      ocsp: 'http://ocsp.example.vn/',
      caIssuers: 'http://ca.example.vn/ca.cer',
      crl: 'http://ca.example.vn/ca.crl',
      deltaCrl: 'http://ca.example.vn/delta.crl',
    };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
    expect(ocspUrlsOf(certificate)).toEqual([urls.ocsp]);
    expect(caIssuerUrlsOf(certificate)).toEqual([urls.caIssuers]);
    expect(freshestCrlUrlsOf(certificate)).toEqual([urls.deltaCrl]);
  });

  it('that hold what a terminal obeys are left out', async () => {
    const address = encodeImplicit(6, Buffer.from('ftp://a/\u001b[2J'));
    const access = encodeSequence(encodeOid(OID.adCaIssuers), address);
    const point = encodeSequence(encodeExplicit(0, encodeExplicit(0, address)));
    const { certificate } = await issueOdd(pki, [
      encodeExtension(OID.authorityInfoAccess, false, encodeSequence(access)),
      encodeExtension(OID.freshestCrl, false, encodeSequence(point)),
    ]);
    expect(caIssuerUrlsOf(certificate)).toEqual([]);
    expect(freshestCrlUrlsOf(certificate)).toEqual([]);
  });

  it('that cannot be read are as good as none', async () => {
    const { certificate } = await issueOdd(pki, [
      encodeExtension(OID.authorityInfoAccess, false, encodeOctetString(Buffer.from('?'))),
      encodeExtension(OID.freshestCrl, false, encodeNull()),
    ]);
    expect(ocspUrlsOf(certificate)).toEqual([]);
    expect(caIssuerUrlsOf(certificate)).toEqual([]);
    expect(freshestCrlUrlsOf(certificate)).toEqual([]);
  });

  it('beyond the sixteenth are not looked at', async () => {
    const descriptions = Array.from({ length: 40 }, (_, index) =>
      encodeSequence(
        encodeOid(OID.adOcsp),
        encodeImplicit(6, Buffer.from(`http://127.0.0.1/${index}`)),
      ),
    );
    const value = encodeSequence(...descriptions);
    const { certificate } = await issueOdd(pki, [
      encodeExtension(OID.authorityInfoAccess, false, value),
    ]);
    expect(ocspUrlsOf(certificate)).toHaveLength(16);
  });
});

describe('parseCertificateFile', () => {
  it('reads DER, PEM, and what openssl puts into a certs-only message', () => {
    const pem = encodePem('CERTIFICATE', pki.issuing.der) + encodePem('CERTIFICATE', pki.root.der);
    expect(parseCertificateFile(pki.issuing.der)).toEqual([pki.issuing]);
    expect(parseCertificateFile(Buffer.from(pem))).toEqual([pki.issuing, pki.root]);
    for (const form of ['DER', 'PEM']) {
      const { file } = runInFolder(
        'openssl',
        ['crl2pkcs7', '-nocrl', '-certfile', 'in.pem', '-outform', form, '-out', 'out.p7c'],
        { 'in.pem': Buffer.from(pem) },
        'out.p7c',
      );
      expect(new Set(parseCertificateFile(file))).toEqual(new Set([pki.issuing, pki.root]));
    }
  });

  it('fails with an error of its own on anything else', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('<html>'),
      encodeSequence(encodeOid(OID.data)),
      encodeSequence(encodeOid(OID.signedData), encodeExplicit(0, encodeNull())),
      pki.crl().der,
    ]) {
      expect(code(() => parseCertificateFile(bytes))).toMatch(/^SIGNER_(DER|CERTIFICATE)_INVALID$/);
    }
  });
});

describe('a crowded OCSP response', () => {
  const time = encodeGeneralizedTime(new Date('2026-03-01'));
  const make = (count: number, certs: number): Uint8Array => {
    const certId = encodeCertId(certIdOf(pki.issuing, pki.root));
    const single = encodeSequence(certId, encodeImplicit(0, new Uint8Array(0)), time);
    const id = encodeExplicit(2, encodeOctetString(Buffer.alloc(20)));
    const tbs = encodeSequence(id, time, encodeSequence(...Array<Uint8Array>(count).fill(single)));
    return encodeSequence(
      tbs,
      encodeSequence(encodeOid(OID.ecdsaWithSHA256)),
      encodeBitString(Buffer.alloc(70)),
      encodeExplicit(0, encodeSequence(...Array<Uint8Array>(certs).fill(pki.root.der))),
    );
  };

  it('is read up to 256 statements or certificates, and refused beyond', () => {
    expect(parseBasicOcspResponse(make(256, 256)).responses).toHaveLength(256);
    expect(code(() => parseBasicOcspResponse(make(257, 1)))).toBe('SIGNER_OCSP_INVALID');
    expect(code(() => parseBasicOcspResponse(make(1, 257)))).toBe('SIGNER_OCSP_INVALID');
  });
});
