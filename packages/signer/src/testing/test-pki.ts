import {
  type CertificateUrls,
  type ServerNames,
  authorityInfoAccessExtensions,
} from '../authority/addresses.ts';
import {
  type CertificateUse,
  type SubjectName,
  caExtensions,
  crlDistributionPointExtension,
  encodeName,
  endEntityExtensions,
  freshestCrlExtension,
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
  /** Addresses put into the certificate; none by default. */
  readonly urls?: CertificateUrls;
  /** Names of a TLS server; `localhost` and `127.0.0.1` by default. */
  readonly serverNames?: ServerNames;
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
  /**
   * Issues a certificate: `use` defaults to `seal`, `algorithm` to RSA-2048 for seals and encryption,
   * else P-256.
   */
  issue(subject: TestSubject): Promise<TestSigner>;
  /** Puts a certificate on the CRL, by default as of the start of the test PKI. */
  revoke(
    certificate: Certificate,
    options?: { readonly at?: Date; readonly reason?: RevocationReason },
  ): Promise<void>;
  /**
   * Makes the CRLs of both CAs anew with the same entries; times left out stay as they are, so a list
   * can be made fresh or stale.
   */
  renewCrl(times?: { readonly thisUpdate?: Date; readonly nextUpdate?: Date }): Promise<void>;
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
  crlNumber: number;
  readonly revocations: Revocation[];
}

/** Times a CRL is made with. */
interface CrlTimes {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly keepsExpiredSince: Date;
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
  crlTimes: CrlTimes,
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
  const crl = parseCrl(await buildCrl({ number: 1, ...crlTimes, revocations: [] }, key));
  return { key, certificate, crl, crlNumber: 1, revocations: [] };
}

async function makeCrl(authority: TestAuthority, times: CrlTimes): Promise<void> {
  authority.crlNumber += 1;
  const { crlNumber: number, revocations, key } = authority;
  authority.crl = parseCrl(await buildCrl({ number, ...times, revocations }, key));
}

async function issueSigner(
  subject: TestSubject,
  issuer: TestAuthority,
  life: Life,
): Promise<TestSigner> {
  const { use = 'seal', notBefore = life.notBefore, notAfter = life.notAfter } = subject;
  const isRsa = use === 'seal' || use === 'encryption';
  const algorithm = subject.algorithm ?? (isRsa ? 'rsa-2048' : 'ec-p256');
  const { urls = {} } = subject;
  const localNames = { dns: ['localhost'], ip: ['127.0.0.1'] };
  const serverNames = subject.serverNames ?? (use === 'tls' ? localNames : undefined);
  const keys = subject.keys ?? (await generateKeys(algorithm));
  const { publicKey } = keys;
  const content = {
    notBefore,
    notAfter,
    subjectDer: encodeName({ country: 'VN', ...subject }),
    publicKey,
    serial: randomSerial(),
    extensions: [
      ...endEntityExtensions(use, { publicKey, serverNames }),
      crlDistributionPointExtension(issuer.key.nameDer, urls.crl),
      ...(urls.deltaCrl ? [freshestCrlExtension(issuer.key.nameDer, urls.deltaCrl)] : []),
      ...authorityInfoAccessExtensions(urls),
    ],
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
  let times: CrlTimes = {
    thisUpdate: life.notBefore,
    nextUpdate: options.crlNextUpdate ?? life.notAfter,
    keepsExpiredSince: life.notBefore,
  };
  const [rootKeys, issuingKeys] = await Promise.all([
    generateKeys(algorithm),
    generateKeys(algorithm),
  ]);
  const root = await createAuthority(
    'CA gốc thử nghiệm Quảng Trị',
    rootKeys,
    undefined,
    life,
    times,
  );
  const issuing = await createAuthority(
    'CA cấp phát thử nghiệm số 1',
    issuingKeys,
    root.key,
    life,
    times,
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
      await makeCrl(authority, times);
      trust = undefined;
    },
    async renewCrl(changes = {}) {
      times = { ...times, ...changes };
      for (const authority of [root, issuing]) await makeCrl(authority, times);
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
