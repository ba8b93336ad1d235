import { type KeyObject, hash } from 'node:crypto';

import {
  type Authority,
  type Certificate,
  type CertificateUse,
  SignerError,
  type SubjectName,
  parseCertificate,
  parseCertificateRequest,
} from '@congvan/signer';

import type { DirectoryEntry } from '../../directory/entry.ts';
import type { EnrolmentUse } from '../../enrolment/protocol.ts';
import { refuseEnrolment } from './refusal.ts';

/** A certificate for a key that an agency made itself, with its issuers below the root. */
export interface GrantedCertificate {
  readonly use: EnrolmentUse;
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
}

export interface GrantRequest {
  readonly use: EnrolmentUse;
  /** PKCS#10, DER; its own signature proves that the agency has the key. */
  readonly csr: Uint8Array;
  /** What the registrar says the agency is called; the name in the request counts for nothing. */
  readonly subject: SubjectName;
  /** Readable name of who asks again and again: it gets no more than a few good ones of a use. */
  readonly askedBy?: string;
  readonly now?: Date;
}

/**
 * Good certificates of one agency and use at a time: a renewal makes two of one, keys that were lost in
 * between another. Whoever has a node key could else fill the authority and the directory with them.
 */
export const MAX_GOOD_CERTIFICATES = 4;

/** What the authority calls the use: a TLS key of an agency opens connections and serves none. */
const ISSUED_USE = {
  node: 'node',
  encryption: 'encryption',
  tls: 'client',
  seal: 'seal',
} as const satisfies Readonly<Record<EnrolmentUse, CertificateUse>>;

const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1']);
const MIN_RSA_BITS = { node: Infinity, tls: Infinity, encryption: 3072, seal: 2048 } as const;

/**
 * Issues the certificate of one key; the same key and use again gives the certificate that is there.
 *
 * @throws {@link BusError} `BUS_ENROLMENT_REFUSED` with `keys` for a request without proof, a kind of
 *   key that does not suit the use, or a key that has a certificate for something else.
 */
export async function grantCertificate(
  authority: Authority,
  request: GrantRequest,
): Promise<GrantedCertificate> {
  const { use, subject } = request;
  const read = readRequest(request);
  requireKind(use, read.publicKey);
  const keySha256 = hash('sha256', read.publicKeyDer, 'hex');
  const known = authority.list().filter((entry) => entry.keySha256 === keySha256);
  const same = known.findLast(({ use: other, revoked }) => {
    return other === ISSUED_USE[use] && revoked === undefined;
  });
  if (known.length > 0 && same === undefined) {
    throw refuseEnrolment('keys', `the ${use} key has a certificate for something else`);
  }
  if (same !== undefined) {
    const issuer = authority.issuingCas()[(same.issuingCa ?? 1) - 1];
    const certificate = authority.certificate(same.serialNumber);
    return { use, certificate, chain: issuer === undefined ? [] : [issuer.certificate] };
  }
  requireFew(authority, request);
  const { certificate, chain } = await authority.issueFor(read, { use: ISSUED_USE[use], subject });
  return { use, certificate, chain };
}

function requireFew(authority: Authority, { use, askedBy, now }: GrantRequest): void {
  if (askedBy === undefined || now === undefined) return;
  const good = authority.list().filter((one) => {
    const isOfThem = one.use === ISSUED_USE[use] && one.subjectText === askedBy;
    return isOfThem && one.revoked === undefined && one.notAfter > now;
  });
  if (good.length < MAX_GOOD_CERTIFICATES) return;
  throw refuseEnrolment('keys', `${good.length} good certificates for ${use} are out already`);
}

function readRequest({ use, csr }: GrantRequest) {
  try {
    return parseCertificateRequest(csr);
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    throw refuseEnrolment('keys', `the request for the ${use} key: ${error.message}`, error);
  }
}

function requireKind(use: EnrolmentUse, key: KeyObject): void {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  if (kind === 'ec' && CURVES.has(details?.namedCurve ?? '')) return;
  if (kind === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS[use]) return;
  throw refuseEnrolment('keys', `a ${String(kind)} key of this size is not taken for ${use}`);
}

/** As the directory lists it. */
export function toListed(
  use: DirectoryEntry['certificates'][number]['use'],
  { sha256, der }: Pick<Certificate, 'sha256' | 'der'>,
): DirectoryEntry['certificates'][number] {
  return { use, sha256, der: Buffer.from(der).toString('base64') };
}

/** The certificates of an entry that go on beside new ones: not expired, not revoked here. */
export function stillGood(
  entry: DirectoryEntry | undefined,
  authority: Authority,
  now: Date,
): DirectoryEntry['certificates'] {
  return (entry?.certificates ?? []).filter(({ der }) => {
    const certificate = parseCertificate(Buffer.from(der, 'base64'));
    const known = authority.lookUp(certificate.serialNumber);
    // A serial number of another authority's certificate means nothing here.
    const isOurs = known?.sha256 === certificate.sha256;
    return certificate.notAfter > now && !(isOurs && known.revoked !== undefined);
  });
}

/** Appends what is not listed yet. */
export function withNew(
  listed: DirectoryEntry['certificates'],
  more: DirectoryEntry['certificates'],
): DirectoryEntry['certificates'] {
  const known = new Set(listed.map(({ use, sha256 }) => `${use} ${sha256}`));
  return [...listed, ...more.filter(({ use, sha256 }) => !known.has(`${use} ${sha256}`))];
}
