import { type KeyObject, hash } from 'node:crypto';

import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type KeyAlgorithm, generateKeys } from '../keys/generate.ts';
import { type Signer, createKeySigner } from '../keys/signer.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { encodePem } from '../x509/pem.ts';
import { type ServerNames, authorityInfoAccessExtensions, readServerNames } from './addresses.ts';
import { urlsOfIssuingCa } from './authority-urls.ts';
import { buildCertificate, randomSerial } from './build.ts';
import type { IssuingCa } from './ca-keys.ts';
import { type CertificateRequest, readSubjectName } from './csr.ts';
import { writeFileAtomic } from '../disk/durable.ts';
import type { AuthorityIndex, IssuedCertificate } from './index-file.ts';
import type { ListTools } from './lists.ts';
import {
  type CertificateUse,
  KEY_ALGORITHM,
  MAX_NAME_CHARACTERS,
  type SubjectName,
  VALIDITY_DAYS,
  crlDistributionPointExtension,
  encodeName,
  endEntityExtensions,
  freshestCrlExtension,
} from './profile.ts';
import { AUTHORITY_FILES, type Change } from './store.ts';

const DAY_MS = 86_400_000;
/** Certificates start a little in the past: clocks of agencies differ. */
const CLOCK_SKEW_MS = 10 * 60_000;

/** The life of a new certificate. */
export interface Lifetime {
  /** Default: ten minutes ago. */
  readonly notBefore?: Date;
  /** Default as `VALIDITY_DAYS` in `profile.ts` says, never beyond the CA's own. */
  readonly notAfter?: Date;
}

/** A certificate to be issued. */
export interface IssueRequest extends Lifetime {
  readonly subject: SubjectName;
  readonly use: CertificateUse;
  /** Names of a TLS server; for no other use. */
  readonly serverNames?: ServerNames | undefined;
  /** The subject's own key; left out: a key is generated here. */
  readonly publicKey?: KeyObject;
  /** Kind of the generated key; default as `KEY_ALGORITHM` in `profile.ts` says. */
  readonly algorithm?: KeyAlgorithm;
  /** Serial number as hex; default: 20 random bytes. */
  readonly serial?: string;
}

/** How a certification request is granted; what it asks for beyond this is left out. */
export interface GrantOptions extends Lifetime {
  readonly use: CertificateUse;
  /** Instead of the name in the request. */
  readonly subject?: SubjectName;
  /** Instead of the names that the request asks for; for a TLS server only. */
  readonly serverNames?: ServerNames;
}

/** How a certificate is renewed: with a new key made here, a given one, or the one of a request. */
export interface RenewOptions extends Lifetime {
  readonly publicKey?: KeyObject;
  readonly request?: CertificateRequest;
  /** Kind of the key that is made here; default: as for a first certificate. */
  readonly algorithm?: KeyAlgorithm;
}

/** A new certificate. */
export interface Issued {
  readonly certificate: Certificate;
  /** Issuers below the root, nearest first. */
  readonly chain: readonly Certificate[];
  /** The key that was generated; kept nowhere else. */
  readonly privateKey: KeyObject | undefined;
}

/** A certificate that was issued from a request. */
export interface Granted extends Issued {
  /** OIDs of name attributes and extensions that were asked for and not taken. */
  readonly leftOut: readonly string[];
}

/** What stands in a new certificate, before the authority adds its own. */
interface Wish extends Lifetime {
  readonly subjectDer: Uint8Array;
  readonly use: CertificateUse;
  readonly serverNames: ServerNames | undefined;
  readonly publicKey: KeyObject | undefined;
  readonly algorithm: KeyAlgorithm | undefined;
  readonly serial: string | undefined;
  readonly renews: string | undefined;
  /** The issuing CA; left out: the newest. */
  readonly ca?: IssuingCa;
  /** For the audit log: where the wish came from. */
  readonly origin: Readonly<Record<string, unknown>>;
}

/** Issues a certificate. It stands in the audit log and the index before it is handed out. */
export function issueCertificate(tools: ListTools, request: IssueRequest): Promise<Issued> {
  const { subject, use, serverNames, publicKey, algorithm, serial, ...lifetime } = request;
  const subjectDer = encodeName(subject);
  const wish = { subjectDer, use, serverNames, publicKey, algorithm, serial };
  return certify(tools, { ...lifetime, ...wish, renews: undefined, origin: {} });
}

/**
 * Issues a certificate for a request. Of what it asks for the profile takes the parts of the name that
 * certificates here have, and the server names of a TLS server.
 */
export async function grantRequest(
  tools: ListTools,
  request: CertificateRequest,
  options: GrantOptions,
): Promise<Granted> {
  const { use, subject, ...lifetime } = options;
  const read = subject === undefined ? readSubjectName(request.subject) : { subject, leftOut: [] };
  const isServer = use === 'tls';
  const serverNames = options.serverNames ?? (isServer ? request.serverNames : undefined);
  const extensions = request.requestedExtensions.filter(
    (oid) => !(isServer && oid === OID.subjectAltName),
  );
  const issued = await certify(tools, {
    ...lifetime,
    subjectDer: encodeName(read.subject),
    use,
    serverNames,
    publicKey: request.publicKey,
    algorithm: undefined,
    serial: undefined,
    renews: undefined,
    origin: { requestSha256: hash('sha256', request.der, 'hex') },
  });
  return { ...issued, leftOut: [...read.leftOut, ...extensions] };
}

/**
 * Issues the next certificate for the same subject and use while the old one is still good, so that
 * both can be used for a while. Index and log say which one follows which.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_SERIAL_UNKNOWN`, `SIGNER_AUTHORITY_ALREADY_REVOKED`;
 *   `SIGNER_INPUT_INVALID` when the old certificate has expired.
 */
export function renewCertificate(
  tools: ListTools,
  serialNumber: string,
  options: RenewOptions,
): Promise<Issued> {
  const { publicKey, request, algorithm, ...lifetime } = options;
  const { store } = tools;
  const known = requireRenewable(store.readIndex(), serialNumber, store.now());
  const old = store.readCertificate(AUTHORITY_FILES.issued, `${serialNumber}.crt`);
  return certify(tools, {
    ...lifetime,
    subjectDer: old.subjectDer,
    use: known.use,
    serverNames: known.use === 'tls' ? readServerNames(old.subjectAltNames) : undefined,
    publicKey: request?.publicKey ?? publicKey,
    algorithm,
    serial: undefined,
    renews: serialNumber,
    origin: {
      renews: serialNumber,
      ...(request === undefined ? {} : { requestSha256: hash('sha256', request.der, 'hex') }),
    },
  });
}

/**
 * A short-lived certificate for answering OCSP requests about what one issuing CA has issued, with a
 * fresh key that is kept in memory alone (RFC 6960 §4.2.2.2).
 */
export async function issueOcspSigner(tools: ListTools, ca: IssuingCa): Promise<Signer> {
  const { subject } = readSubjectName(ca.certificate.subject);
  const commonName = `OCSP ${subject.commonName}`.slice(0, MAX_NAME_CHARACTERS).trim();
  const { publicKey, privateKey } = await generateKeys(KEY_ALGORITHM.ocsp);
  const { certificate, chain } = await certify(tools, {
    subjectDer: encodeName({ ...subject, commonName }),
    use: 'ocsp',
    serverNames: undefined,
    publicKey,
    algorithm: undefined,
    serial: undefined,
    renews: undefined,
    ca,
    origin: {},
  });
  return createKeySigner({ privateKey, certificate, chain });
}

function requireRenewable(
  index: AuthorityIndex,
  serialNumber: string,
  now: Date,
): IssuedCertificate {
  const known = requireIssued(index, serialNumber);
  if (known.revoked !== undefined) {
    const message = `certificate ${serialNumber} is revoked: it is not renewed`;
    throw new SignerError('SIGNER_AUTHORITY_ALREADY_REVOKED', message, {
      details: { serialNumber },
    });
  }
  if (known.notAfter <= now) {
    const message = `certificate ${serialNumber} ended at ${known.notAfter.toISOString()}: issue a new one`;
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  return known;
}

/** @throws {@link SignerError} `SIGNER_AUTHORITY_SERIAL_UNKNOWN`. */
export function requireIssued(index: AuthorityIndex, serialNumber: string): IssuedCertificate {
  const known = index.certificates.find((entry) => entry.serialNumber === serialNumber);
  if (known !== undefined) return known;
  const message = `no certificate with serial number ${serialNumber} was issued here`;
  throw new SignerError('SIGNER_AUTHORITY_SERIAL_UNKNOWN', message, { details: { serialNumber } });
}

async function certify(tools: ListTools, wish: Wish): Promise<Issued> {
  const { store, keys } = tools;
  const issuedAt = store.now();
  const ca = wish.ca ?? keys.current();
  const life = lifeOf(wish, ca, issuedAt);
  const { publicKey, privateKey } =
    wish.publicKey === undefined
      ? await generateKeys(wish.algorithm ?? KEY_ALGORITHM[wish.use])
      : { publicKey: wish.publicKey, privateKey: undefined };
  const { baseUrl } = store.readIndex();
  const content = {
    ...life,
    subjectDer: wish.subjectDer,
    publicKey,
    serial: wish.serial === undefined ? randomSerial() : readSerial(wish.serial),
    extensions: extensionsOf(wish, publicKey, ca, baseUrl),
  };
  const key = keys.issuingKey(ca);
  const certificate = parseCertificate(await buildCertificate(content, key));
  await store.change((change) => enter(tools, change, wish, ca, certificate));
  return { certificate, chain: [ca.certificate], privateKey };
}

function extensionsOf(
  { use, serverNames }: Wish,
  publicKey: KeyObject,
  { number, certificate }: IssuingCa,
  baseUrl: string | undefined,
): Uint8Array[] {
  const urls = urlsOfIssuingCa(baseUrl, number);
  const issuer = certificate.subjectDer;
  return [
    ...endEntityExtensions(use, { publicKey, serverNames }),
    crlDistributionPointExtension(issuer, urls.crl),
    ...(urls.deltaCrl === undefined ? [] : [freshestCrlExtension(issuer, urls.deltaCrl)]),
    ...authorityInfoAccessExtensions(urls),
  ];
}

/** Enters a new certificate into log and index, and keeps a copy of it. */
async function enter(
  { store }: ListTools,
  change: Change,
  { use, renews, origin, ca: chosen }: Wish,
  ca: IssuingCa,
  certificate: Certificate,
): Promise<void> {
  const { index, now: issuedAt } = change;
  const { serialNumber, sha256, subjectText, notBefore, notAfter } = certificate;
  requireUsableCa(index, ca, chosen === undefined);
  if (index.certificates.some((other) => other.serialNumber === serialNumber)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `serial number ${serialNumber} is taken`);
  }
  if (renews !== undefined) requireRenewable(index, renews, issuedAt);
  const keySha256 = hash('sha256', certificate.publicKeyDer, 'hex');
  requireSoundKey(index, keySha256);
  const named = { serialNumber, use, subjectText, sha256, notBefore, notAfter };
  await change.record(renews === undefined ? 'issue' : 'renew', { ...named, ...origin });
  const entry = { ...named, issuedAt, revoked: undefined, issuingCa: ca.number, keySha256, renews };
  const certificates = index.certificates.map((other) =>
    other.serialNumber === renews ? { ...other, renewedBy: serialNumber } : other,
  );
  await change.commit({ ...index, certificates: [...certificates, entry] });
  const file = store.path(AUTHORITY_FILES.issued, `${serialNumber}.crt`);
  await writeFileAtomic(file, encodePem('CERTIFICATE', certificate.der));
}

/** Another command may have replaced or revoked the issuing CA since the certificate was signed. */
function requireUsableCa(index: AuthorityIndex, ca: IssuingCa, mustBeNewest: boolean): void {
  if (index.issuing[ca.number - 1]?.revoked !== undefined) {
    const message = `the issuing CA '${ca.certificate.subjectText}' is revoked: a new one is needed`;
    throw new SignerError('SIGNER_AUTHORITY_ALREADY_REVOKED', message, {
      details: { serialNumber: ca.certificate.serialNumber },
    });
  }
  if (mustBeNewest && index.issuing.length !== ca.number) {
    const message = 'the issuing CA was replaced just now: try again';
    throw new SignerError('SIGNER_AUTHORITY_LOCKED', message);
  }
}

/** A key that fell into wrong hands gets no further certificate. */
function requireSoundKey(index: AuthorityIndex, keySha256: string): void {
  const lost = index.certificates.find(
    (entry) => entry.keySha256 === keySha256 && entry.revoked?.reason === 'keyCompromise',
  );
  if (lost === undefined) return;
  const message = `this key was revoked as compromised with certificate ${lost.serialNumber}`;
  throw new SignerError('SIGNER_INPUT_INVALID', message);
}

function lifeOf(
  request: Lifetime & { readonly use: CertificateUse },
  { certificate: ca }: IssuingCa,
  now: Date,
): { notBefore: Date; notAfter: Date } {
  const start = Math.max(Number(now) - CLOCK_SKEW_MS, Number(ca.notBefore));
  const notBefore = request.notBefore ?? new Date(start);
  const end = Number(now) + VALIDITY_DAYS[request.use] * DAY_MS;
  const notAfter = request.notAfter ?? new Date(Math.min(end, Number(ca.notAfter)));
  if (notBefore < ca.notBefore || notAfter > ca.notAfter) {
    const life = `${ca.notBefore.toISOString()} to ${ca.notAfter.toISOString()}`;
    const message = `a certificate must stay within the life of its CA, ${life}`;
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  return { notBefore, notAfter };
}

function readSerial(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  const isHex = /^(?:[0-9a-fA-F]{2})+$/.test(hex) && bytes.some((byte) => byte !== 0);
  if (!isHex || bytes.length > 20 || (bytes.length === 20 && (bytes[0] ?? 0) >= 0x80)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${hex}' is not a serial number`);
  }
  return bytes;
}
