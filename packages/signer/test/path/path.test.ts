import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { buildCertificate, buildCrl, randomSerial } from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import { caExtensions, encodeName, endEntityExtensions } from '../../src/authority/profile.ts';
import { OID, encodeNull, encodeOid, encodeSequence } from '../../src/der/index.ts';
import {
  type Certificate,
  type CertificateList,
  type RevocationMode,
  SignerError,
  createTrustStore,
  encodePem,
  generateKeys,
  loadTrustStore,
  parseCertificate,
  parseCrl,
  validatePath,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const at = new Date('2026-03-01T00:00:00Z');
const life = {
  notBefore: new Date('2025-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
};

let pki: TestPki;
let signer: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'Văn thư', use: 'person', algorithm: 'ec-p256', ...life });
});

const judge = (
  certificate: Certificate,
  trust = pki.trust(),
  when = at,
  extra: Certificate[] = [],
) => {
  const { indication, subIndication } = validatePath(certificate, { trust, at: when, extra });
  return subIndication === null ? indication : `${indication} ${subIndication}`;
};

/** A certificate below the issuing CA with odd extensions. */
async function odd(extensions: readonly Uint8Array[]): Promise<Certificate> {
  const { publicKey } = await generateKeys('ec-p256');
  const subjectDer = encodeName({ commonName: 'Lạ' });
  const content = { subjectDer, publicKey, serial: randomSerial(), extensions, ...life };
  return parseCertificate(await buildCertificate(content, pki.issuingKey));
}

describe('time', () => {
  it('counts from notBefore to notAfter, both included', () => {
    const { certificate } = signer;
    const shift = (date: Date, ms: number) => new Date(Number(date) + ms);
    expect(judge(certificate, pki.trust(), certificate.notBefore)).toBe('TOTAL-PASSED');
    expect(judge(certificate, pki.trust(), certificate.notAfter)).toBe('TOTAL-PASSED');
    expect(judge(certificate, pki.trust(), shift(certificate.notBefore, -1))).toBe(
      'TOTAL-FAILED NOT_YET_VALID',
    );
    expect(judge(certificate, pki.trust(), shift(certificate.notAfter, 1))).toBe(
      'INDETERMINATE OUT_OF_BOUNDS_NO_POE',
    );
  });

  it('must be a time', () => {
    const input = { trust: pki.trust(), at: new Date(Number.NaN) };
    expect(() => validatePath(signer.certificate, input)).toThrow(SignerError);
  });

  it('holds for the CAs too', () => {
    expect(judge(signer.certificate, pki.trust(), new Date('2050-01-01'))).toBe(
      'INDETERMINATE OUT_OF_BOUNDS_NO_POE',
    );
  });
});

describe('purpose and constraints', () => {
  it('refuses a CA as signer, and a signer as CA', async () => {
    expect(judge(pki.issuing)).toBe('INDETERMINATE CHAIN_CONSTRAINTS_FAILURE');
    const issuer = { nameDer: signer.certificate.subjectDer, privateKey: signer.keys.privateKey };
    const { publicKey } = await generateKeys('ec-p256');
    const subjectDer = encodeName({ commonName: 'Giả' });
    const content = { subjectDer, publicKey, serial: randomSerial(), extensions: [], ...life };
    const forged = parseCertificate(
      await buildCertificate({ ...content, extensions: endEntityExtensions('seal') }, issuer),
    );
    expect(judge(forged, pki.trust(), at, [signer.certificate])).toBe(
      'INDETERMINATE CHAIN_CONSTRAINTS_FAILURE',
    );
  });

  it('refuses a CA below one that allows none (pathLenConstraint)', async () => {
    const keys = await generateKeys('ec-p256');
    const nameDer = encodeName({ commonName: 'CA lậu' });
    const ca = parseCertificate(
      await buildCertificate(
        {
          subjectDer: nameDer,
          ...keys,
          serial: randomSerial(),
          extensions: caExtensions(0),
          ...life,
        },
        pki.issuingKey,
      ),
    );
    const issuer = { nameDer, privateKey: keys.privateKey };
    const subjectDer = encodeName({ commonName: 'Dưới CA lậu' });
    const extensions = endEntityExtensions('seal');
    const target = parseCertificate(
      await buildCertificate(
        { subjectDer, ...keys, serial: randomSerial(), extensions, ...life },
        issuer,
      ),
    );
    expect(judge(target, pki.trust(), at, [ca])).toBe('INDETERMINATE CHAIN_CONSTRAINTS_FAILURE');
  });

  it('refuses unknown critical extensions and uses other than signing', async () => {
    const usage = (oid: string) =>
      encodeExtension(OID.extKeyUsage, false, encodeSequence(encodeOid(oid)));
    const wrong = 'INDETERMINATE CHAIN_CONSTRAINTS_FAILURE';
    expect(judge(await odd([encodeExtension('1.2.3.4', true, encodeNull())]))).toBe(wrong);
    expect(judge(await odd([encodeExtension('1.2.3.4', false, encodeNull())]))).toBe(
      'TOTAL-PASSED',
    );
    expect(judge(await odd([usage(OID.timeStamping)]))).toBe(wrong);
    expect(judge(await odd([usage(OID.emailProtection)]))).toBe('TOTAL-PASSED');
    expect(judge(await odd([caExtensions(0)[1] ?? new Uint8Array()]))).toBe(wrong);
  });

  it('refuses the same name with another key', async () => {
    const stranger = await createTestPki();
    const { certificate } = await stranger.issue({ commonName: 'Văn thư', use: 'person' });
    expect(stranger.root.subject.key).toBe(pki.root.subject.key);
    expect(judge(certificate)).toBe('INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND');
    expect(judge(certificate, pki.trust(), at, [stranger.issuing, stranger.root])).toBe(
      'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND',
    );
  });

  it('ends in time when many CAs of one name sign each other', async () => {
    const nameDer = encodeName({ commonName: 'Mê cung' });
    const keys = await Promise.all(Array.from({ length: 8 }, () => generateKeys('ec-p256')));
    const maze: Certificate[] = [];
    for (const { privateKey } of keys) {
      for (const { publicKey } of keys) {
        const content = { subjectDer: nameDer, publicKey, serial: randomSerial(), ...life };
        const extensions = caExtensions(undefined);
        maze.push(
          parseCertificate(
            await buildCertificate({ ...content, extensions }, { nameDer, privateKey }),
          ),
        );
      }
    }
    const [first] = keys;
    const { publicKey } = await generateKeys('ec-p256');
    const subjectDer = encodeName({ commonName: 'Trong mê cung' });
    const content = { subjectDer, publicKey, serial: randomSerial(), extensions: [], ...life };
    const target = parseCertificate(
      await buildCertificate(
        { ...content, extensions: endEntityExtensions('node') },
        { nameDer, privateKey: first?.privateKey ?? signer.keys.privateKey },
      ),
    );
    expect(judge(target, pki.trust(), at, maze)).toBe('INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND');
  });
});

describe('revocation', () => {
  const store = (crls: readonly CertificateList[]) =>
    createTrustStore({ anchors: [pki.root], intermediates: [pki.issuing], crls });

  it('asks for a list where one is expected', () => {
    const trust = store([pki.rootCrl()]);
    const mode = (revocation: RevocationMode) =>
      validatePath(signer.certificate, { trust, at, revocation }).subIndication;
    expect(mode('when-expected')).toBe('TRY_LATER');
    expect(mode('require')).toBe('TRY_LATER');
    expect(mode('if-available')).toBeNull();
  });

  it('does not ask where nothing says that there are lists', async () => {
    const certificate = await odd(endEntityExtensions('node'));
    const bare = createTrustStore({ anchors: [pki.issuing] });
    expect(judge(certificate, bare)).toBe('TOTAL-PASSED');
    expect(judge(signer.certificate, bare)).toBe('INDETERMINATE TRY_LATER');
    const required = { trust: bare, at, revocation: 'require' } as const;
    expect(validatePath(certificate, required).subIndication).toBe('TRY_LATER');
  });

  it('takes no list that is out of date, of another key, or changed', async () => {
    const times = { thisUpdate: life.notBefore, nextUpdate: new Date('2025-06-01') };
    const stale = parseCrl(
      await buildCrl({ number: 9, ...times, revocations: [] }, pki.issuingKey),
    );
    const late = { thisUpdate: life.notBefore, nextUpdate: life.notAfter, revocations: [] };
    const foreign = parseCrl(
      await buildCrl(
        { number: 9, ...late },
        { nameDer: pki.issuing.subjectDer, privateKey: signer.keys.privateKey },
      ),
    );
    const changed = Buffer.from(pki.crl().der);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const results = [stale, foreign, parseCrl(changed)].map((crl) =>
      judge(signer.certificate, store([pki.rootCrl(), crl])),
    );
    expect(new Set(results)).toEqual(new Set(['INDETERMINATE TRY_LATER']));
  });

  it('takes no list with an unknown critical extension', async () => {
    const extensions = [encodeExtension('1.2.3.4', true, encodeNull())];
    const times = { thisUpdate: life.notBefore, nextUpdate: life.notAfter };
    const crl = parseCrl(
      await buildCrl({ number: 9, ...times, revocations: [], extensions }, pki.issuingKey),
    );
    expect(judge(signer.certificate, store([pki.rootCrl(), crl]))).toBe('INDETERMINATE TRY_LATER');
  });

  it('goes by the newest list, and by the time of revocation', async () => {
    const own = await createTestPki();
    const { certificate } = await own.issue({ commonName: 'Sẽ thu hồi', use: 'node' });
    const before = own.trust();
    await own.revoke(certificate, { at: new Date('2026-02-01T00:00:00Z'), reason: 'superseded' });
    expect(judge(certificate, before)).toBe('TOTAL-PASSED');
    expect(judge(certificate, own.trust())).toBe('TOTAL-FAILED REVOKED');
    expect(judge(certificate, own.trust(), new Date('2026-01-31T23:59:59Z'))).toBe('TOTAL-PASSED');
    expect(judge(certificate, own.trust(), new Date('2026-02-01T00:00:00Z'))).toBe(
      'TOTAL-FAILED REVOKED',
    );
    expect(own.crl().entries).toMatchObject([{ reason: 'superseded' }]);
  });

  it('is looked up once while a list stands, and again with its end, another list or an entry', async () => {
    const times = { thisUpdate: life.notBefore, nextUpdate: new Date('2026-04-01T00:00:00Z') };
    const listOf = async (revocations: Parameters<typeof buildCrl>[0]['revocations']) =>
      store([
        pki.rootCrl(),
        parseCrl(await buildCrl({ number: 30, ...times, revocations }, pki.issuingKey)),
      ]);
    const { certificate } = signer;
    const trust = await listOf([]);
    const verdict = (when: string, of = trust) =>
      validatePath(certificate, { trust: of, at: new Date(when) });
    const first = verdict('2026-03-01T00:00:00Z');
    expect(verdict('2026-03-31T23:59:59Z')).toBe(first);
    expect(verdict('2026-04-01T00:00:00Z').subIndication).toBe('TRY_LATER');
    expect(verdict('2024-12-31T23:59:59Z').subIndication).toBe('NOT_YET_VALID');
    expect(verdict('2026-02-01T00:00:00Z').indication).toBe('TOTAL-PASSED');
    const revokedAt = new Date('2026-03-15T00:00:00Z');
    const { serialNumber } = certificate;
    const announced = await listOf([{ serialNumber, revokedAt, reason: 'superseded' }]);
    expect(verdict('2026-03-01T00:00:00Z', announced).indication).toBe('TOTAL-PASSED');
    expect(verdict('2026-03-20T00:00:00Z', announced).subIndication).toBe('REVOKED');
    const required = { trust: store([]), at, revocation: 'require' } as const;
    expect(validatePath(certificate, required).subIndication).toBe('TRY_LATER');
  });

  it('of the issuing CA counts for all below it', async () => {
    const own = await createTestPki();
    const { certificate } = await own.issue({ commonName: 'Nút', use: 'node' });
    await own.revoke(own.issuing, { reason: 'cACompromise' });
    expect(judge(certificate, own.trust())).toBe('TOTAL-FAILED REVOKED');
  });

  it('is not known from a list made after the certificate expired, unless the list keeps such', async () => {
    const { certificate } = await pki.issue({ commonName: 'Cũ', use: 'node', ...life });
    const late = { thisUpdate: new Date('2028-01-01'), nextUpdate: new Date('2029-01-01') };
    const make = async (keepsExpiredSince?: Date) => {
      const content = {
        number: 20,
        ...late,
        revocations: [],
        ...(keepsExpiredSince && { keepsExpiredSince }),
      };
      return store([pki.rootCrl(), parseCrl(await buildCrl(content, pki.issuingKey))]);
    };
    expect(judge(certificate, await make())).toBe('INDETERMINATE TRY_LATER');
    expect(judge(certificate, await make(life.notBefore))).toBe('TOTAL-PASSED');
    expect(judge(certificate, await make(new Date('2027-06-01')))).toBe('INDETERMINATE TRY_LATER');
  });
});

describe('loadTrustStore', () => {
  it('reads a folder, and names the file that it cannot read', async () => {
    const folder = scratchFolder('trust', onTestFinished);
    for (const name of ['anchors', 'intermediates', 'crls']) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, 'anchors/gốc.crt'), encodePem('CERTIFICATE', pki.root.der));
    writeFileSync(path.join(folder, 'anchors/README.txt'), 'no certificate');
    writeFileSync(path.join(folder, 'intermediates/ca.cer'), pki.issuing.der);
    writeFileSync(path.join(folder, 'crls/root.crl'), pki.rootCrl().der);
    writeFileSync(path.join(folder, 'crls/ca.crl'), encodePem('X509 CRL', pki.crl().der));
    const trust = await loadTrustStore(folder);
    expect(trust.anchors).toEqual([pki.root]);
    expect(judge(signer.certificate, trust)).toBe('TOTAL-PASSED');
    writeFileSync(path.join(folder, 'crls/x.crl'), 'garbage');
    await expect(loadTrustStore(folder)).rejects.toMatchObject({
      code: 'SIGNER_TRUST_STORE_INVALID',
      details: { file: path.join(folder, 'crls', 'x.crl') },
    });
    await expect(loadTrustStore(path.join(folder, 'none'))).rejects.toMatchObject({
      code: 'SIGNER_TRUST_STORE_INVALID',
      details: { file: path.join(folder, 'none') },
    });
  });
});

it('takes the list with the higher number of two with one time', async () => {
  const other = await createTestPki();
  const revoked = await other.issue({ commonName: 'Bị thu hồi', use: 'node', ...life });
  const before = other.crl();
  await other.revoke(revoked.certificate);
  for (const crls of [
    [other.rootCrl(), before, other.crl()],
    [other.rootCrl(), other.crl(), before],
  ]) {
    const trust = createTrustStore({ anchors: [other.root], intermediates: [other.issuing], crls });
    expect(judge(revoked.certificate, trust)).toBe('TOTAL-FAILED REVOKED');
  }
});
