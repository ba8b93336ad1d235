import {
  type CertificateUse,
  type SubjectName,
  caExtensions,
  crlDistributionPointExtension,
  encodeName,
  endEntityExtensions,
} from '../authority/profile.ts';
import {
  type IssuingKey,
  type Revocation,
  buildCertificate,
  buildCrl,
  randomSerial,
} from '../authority/build.ts';
import { type KeyAlgorithm, type KeyPair, generateKeys } from '../keys/generate.ts';
import { type Signer, createKeySigner } from '../keys/signer.ts';
import { type TrustStore, createTrustStore } from '../path/trust-store.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { type CertificateList, type RevocationReason, parseCrl } from '../x509/crl.ts';

/** What a test asks of a certificate; times default to the whole life of the test PKI. */
export interface TestSubject extends SubjectName {
  readonly use?: CertificateUse;
  readonly algorithm?: KeyAlgorithm;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** An own key instead of a generated one. */
  readonly keys?: KeyPair;
}

/** A signer with the private key in reach, for tests that write key files. */
export interface TestSigner extends Signer {
  readonly keys: KeyPair;
}

/** A certificate authority that lives in memory: for tests only. */
export interface TestPki {
  readonly root: Certificate;
  readonly issuing: Certificate;
  /** The key of the issuing CA, for tests that build odd certificates. */
  readonly issuingKey: IssuingKey;
  readonly rootKey: IssuingKey;
  /** Issues a certificate: `use` defaults to `seal`, `algorithm` to RSA-2048 for seals, else P-256. */
  issue(subject: TestSubject): Promise<TestSigner>;
  /** Puts a certificate on the CRL, by default as of the start of the test PKI. */
  revoke(
    certificate: Certificate,
    options?: { readonly at?: Date; readonly reason?: RevocationReason },
  ): Promise<void>;
  /** The newest CRL of the issuing CA. */
  crl(): CertificateList;
  /** The newest CRL of the root. */
  rootCrl(): CertificateList;
  /** Root as anchor, issuing CA as intermediate, the newest CRLs. */
  trust(): TrustStore;
}

/** Options of {@link createTestPki}. */
export interface TestPkiOptions {
  /** CA keys; P-256 is quickest. */
  readonly algorithm?: KeyAlgorithm;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly crlNextUpdate?: Date;
}

/** One CA of the test PKI: its key, its certificate and its list of revoked certificates. */
interface TestAuthority {
  readonly key: IssuingKey;
  readonly certificate: Certificate;
  crl: CertificateList;
  readonly revocations: Revocation[];
}

interface Life {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ORGANIZATION = 'Ủy ban nhân dân tỉnh Quảng Trị';

async function createAuthority(
  commonName: string,
  keys: KeyPair,
  parent: IssuingKey | undefined,
  life: Life,
  nextUpdate: Date,
): Promise<TestAuthority> {
  const nameDer = encodeName({ country: 'VN', organization: ORGANIZATION, commonName });
  const key = { nameDer, privateKey: keys.privateKey };
  const extensions =
    parent === undefined
      ? caExtensions(undefined)
      : [...caExtensions(0), crlDistributionPointExtension(parent.nameDer)];
  const { publicKey } = keys;
  const content = { ...life, subjectDer: nameDer, publicKey, serial: randomSerial(), extensions };
  const certificate = parseCertificate(await buildCertificate(content, parent ?? key));
  const crl = await makeCrl(key, [], life, nextUpdate);
  return { key, certificate, crl, revocations: [] };
}

async function makeCrl(
  key: IssuingKey,
  revocations: readonly Revocation[],
  life: Life,
  nextUpdate: Date,
): Promise<CertificateList> {
  const number = revocations.length + 1;
  const times = { thisUpdate: life.notBefore, nextUpdate, keepsExpiredSince: life.notBefore };
  return parseCrl(await buildCrl({ number, ...times, revocations }, key));
}

async function issueSigner(
  subject: TestSubject,
  issuer: TestAuthority,
  life: Life,
): Promise<TestSigner> {
  const { use = 'seal', notBefore = life.notBefore, notAfter = life.notAfter } = subject;
  const algorithm = subject.algorithm ?? (use === 'seal' ? 'rsa-2048' : 'ec-p256');
  const keys = subject.keys ?? (await generateKeys(algorithm));
  const content = {
    notBefore,
    notAfter,
    subjectDer: encodeName({ country: 'VN', ...subject }),
    publicKey: keys.publicKey,
    serial: randomSerial(),
    extensions: [...endEntityExtensions(use), crlDistributionPointExtension(issuer.key.nameDer)],
  };
  const certificate = parseCertificate(await buildCertificate(content, issuer.key));
  const { privateKey } = keys;
  return { ...createKeySigner({ privateKey, certificate, chain: [issuer.certificate] }), keys };
}

/**
 * Makes a root and an issuing CA with Vietnamese names and empty CRLs, all in memory.
 *
 * Everything is valid from 2020 to 2049 unless the options say otherwise, so that tests can use any
 * fixed time in between.
 */
export async function createTestPki(options: TestPkiOptions = {}): Promise<TestPki> {
  const { algorithm = 'ec-p256' } = options;
  const life = {
    notBefore: options.notBefore ?? new Date('2020-01-01T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2049-01-01T00:00:00Z'),
  };
  const nextUpdate = options.crlNextUpdate ?? life.notAfter;
  const [rootKeys, issuingKeys] = await Promise.all([
    generateKeys(algorithm),
    generateKeys(algorithm),
  ]);
  const root = await createAuthority(
    'CA gốc thử nghiệm Quảng Trị',
    rootKeys,
    undefined,
    life,
    nextUpdate,
  );
  const issuing = await createAuthority(
    'CA cấp phát thử nghiệm số 1',
    issuingKeys,
    root.key,
    life,
    nextUpdate,
  );
  let trust: TrustStore | undefined;
  return {
    root: root.certificate,
    issuing: issuing.certificate,
    rootKey: root.key,
    issuingKey: issuing.key,
    issue: (subject) => issueSigner(subject, issuing, life),
    async revoke(certificate, { at = life.notBefore, reason = 'keyCompromise' } = {}) {
      const authority = certificate === issuing.certificate ? root : issuing;
      const { serialNumber } = certificate;
      authority.revocations.push({ serialNumber, revokedAt: at, reason });
      authority.crl = await makeCrl(authority.key, authority.revocations, life, nextUpdate);
      trust = undefined;
    },
    crl: () => issuing.crl,
    rootCrl: () => root.crl,
    trust() {
      trust ??= createTrustStore({
        anchors: [root.certificate],
        intermediates: [issuing.certificate],
        crls: [root.crl, issuing.crl],
      });
      return trust;
    },
  };
}
