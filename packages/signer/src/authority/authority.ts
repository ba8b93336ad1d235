import { type KeyObject, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { SignerError } from '../errors.ts';
import { type KeyAlgorithm, generateKeys } from '../keys/generate.ts';
import { type TrustStore, createTrustStore } from '../path/trust-store.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { type RevocationReason, parseCrl } from '../x509/crl.ts';
import { encodePem } from '../x509/pem.ts';
import type { ServerNames } from './addresses.ts';
import { type IssuingKey, buildCertificate, buildCrl, randomSerial } from './build.ts';
import { appendLine, hasCode, writeFileAtomic } from './files.ts';
import {
  type AuthorityIndex,
  type IssuedCertificate,
  formatIndex,
  parseIndex,
} from './index-file.ts';
import { withLock } from './lock.ts';
import {
  type CertificateUse,
  KEY_ALGORITHM,
  type SubjectName,
  VALIDITY_DAYS,
  crlDistributionPointExtension,
  encodeName,
  endEntityExtensions,
} from './profile.ts';

/** Files of an authority, below its folder. */
export const AUTHORITY_FILES = {
  rootCertificate: 'root.crt',
  rootKey: 'root.key',
  issuingCertificate: 'issuing.crt',
  issuingKey: 'issuing.key',
  rootCrl: 'root.crl',
  crl: 'issuing.crl',
  index: 'index.json',
  audit: 'audit.log',
  issued: 'issued',
} as const;

/** A CRL of the issuing CA is good for so long; renew it well before. */
export const CRL_DAYS = 35;
/** A CRL of the root: its key is used seldom. */
export const ROOT_CRL_DAYS = 400;
const DAY_MS = 86_400_000;
/** Certificates start a little in the past: clocks of agencies differ. */
const CLOCK_SKEW_MS = 10 * 60_000;

/** A certificate to be issued. */
export interface IssueRequest {
  readonly subject: SubjectName;
  readonly use: CertificateUse;
  /** Names of a TLS server; for no other use. */
  readonly serverNames?: ServerNames;
  /** The subject's own key; left out: a key is generated here. */
  readonly publicKey?: KeyObject;
  /** Kind of the generated key; default as `KEY_ALGORITHM` in `profile.ts` says. */
  readonly algorithm?: KeyAlgorithm;
  /** Default: ten minutes ago. */
  readonly notBefore?: Date;
  /** Default as `VALIDITY_DAYS` in `profile.ts` says, never beyond the CA's own. */
  readonly notAfter?: Date;
  /** Serial number as hex; default: 20 random bytes. */
  readonly serial?: string;
}

/** What {@link Authority.issue} gives back. */
export interface Issued {
  readonly certificate: Certificate;
  /** Issuers below the root, nearest first. */
  readonly chain: readonly Certificate[];
  /** The key that was generated; kept nowhere else. */
  readonly privateKey: KeyObject | undefined;
}

/** How to open an authority. */
export interface AuthorityOptions {
  readonly folder: string;
  readonly passphrase: string;
  /** The clock, or a fixed time; default: the system's. */
  readonly now?: Date | (() => Date);
  /** Who acts, for the audit log. */
  readonly actor?: string;
}

/** A certificate authority on disk: a root, one issuing CA, what it issued, its CRLs. */
export class Authority {
  readonly folder: string;
  readonly rootCertificate: Certificate;
  readonly issuingCertificate: Certificate;
  private readonly issuingKey: IssuingKey;
  private readonly options: AuthorityOptions;

  /** Use {@link openAuthority}. */
  constructor(
    options: AuthorityOptions,
    rootCertificate: Certificate,
    issuingCertificate: Certificate,
    issuingKey: IssuingKey,
  ) {
    this.folder = options.folder;
    this.options = options;
    this.rootCertificate = rootCertificate;
    this.issuingCertificate = issuingCertificate;
    this.issuingKey = issuingKey;
  }

  /**
   * Issues a certificate. It stands in the audit log and the index before it is handed out.
   *
   * @throws {@link SignerError} `SIGNER_INPUT_INVALID`, `SIGNER_ALGORITHM_UNSUPPORTED`,
   *   `SIGNER_AUTHORITY_LOCKED`.
   */
  async issue(request: IssueRequest): Promise<Issued> {
    const { use, subject } = request;
    const { publicKey, privateKey } =
      request.publicKey === undefined
        ? await generateKeys(request.algorithm ?? KEY_ALGORITHM[use])
        : { publicKey: request.publicKey, privateKey: undefined };
    const issuedAt = readClock(this.options);
    const content = {
      ...this.validityOf(request, issuedAt),
      subjectDer: encodeName(subject),
      publicKey,
      serial: request.serial === undefined ? randomSerial() : readSerial(request.serial),
      extensions: [
        ...endEntityExtensions(use, { publicKey, serverNames: request.serverNames }),
        crlDistributionPointExtension(this.issuingKey.nameDer),
      ],
    };
    const certificate = parseCertificate(await buildCertificate(content, this.issuingKey));
    const { serialNumber, sha256, subjectText, notBefore, notAfter } = certificate;
    await withLock(this.folder, async () => {
      const index = this.readIndex();
      if (index.certificates.some((other) => other.serialNumber === serialNumber)) {
        throw new SignerError('SIGNER_INPUT_INVALID', `serial number ${serialNumber} is taken`);
      }
      await this.audit('issue', { serialNumber, use, subjectText, sha256, notBefore, notAfter });
      const dates = { notBefore, notAfter, issuedAt };
      const entry = { serialNumber, use, subjectText, sha256, ...dates, revoked: undefined };
      await this.writeIndex({ ...index, certificates: [...index.certificates, entry] });
      const file = path.join(this.folder, AUTHORITY_FILES.issued, `${serialNumber}.crt`);
      await writeFileAtomic(file, encodePem('CERTIFICATE', certificate.der));
    });
    return { certificate, chain: [this.issuingCertificate], privateKey };
  }

  private validityOf(request: IssueRequest, now: Date): { notBefore: Date; notAfter: Date } {
    const ca = this.issuingCertificate;
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

  /**
   * Revokes a certificate and issues a new CRL.
   *
   * @param at - since when; default now. It may lie in the past, not in the future.
   * @throws {@link SignerError} `SIGNER_AUTHORITY_SERIAL_UNKNOWN`,
   *   `SIGNER_AUTHORITY_ALREADY_REVOKED`, `SIGNER_INPUT_INVALID`, `SIGNER_AUTHORITY_LOCKED`.
   */
  async revoke(serialNumber: string, reason: RevocationReason, at?: Date): Promise<void> {
    const now = readClock(this.options);
    const since = at ?? now;
    if (since > now) throw new SignerError('SIGNER_INPUT_INVALID', 'revocation in the future');
    if (reason === 'removeFromCRL') {
      throw new SignerError('SIGNER_INPUT_INVALID', `'${reason}' is no reason to revoke`);
    }
    await withLock(this.folder, async () => {
      const index = this.readIndex();
      const known = index.certificates.find((entry) => entry.serialNumber === serialNumber);
      if (known === undefined) {
        const message = `no certificate with serial number ${serialNumber} was issued here`;
        throw new SignerError('SIGNER_AUTHORITY_SERIAL_UNKNOWN', message);
      }
      if (known.revoked !== undefined) {
        const message = `certificate ${serialNumber} is revoked already`;
        throw new SignerError('SIGNER_AUTHORITY_ALREADY_REVOKED', message);
      }
      await this.audit('revoke', { serialNumber, reason, since });
      const entry = { ...known, revoked: { at: since, reason } };
      const certificates = index.certificates.map((other) => (other === known ? entry : other));
      await this.issueCrl({ ...index, certificates }, now);
    });
  }

  /** Issues a fresh CRL of the issuing CA, and one of the root if its key is in the folder. */
  async renewCrl(): Promise<void> {
    const now = readClock(this.options);
    const rootKey = await readKey(this.options, AUTHORITY_FILES.rootKey, 'if-present');
    await withLock(this.folder, async () => {
      let index = this.readIndex();
      if (rootKey !== undefined) {
        index = { ...index, rootCrlNumber: index.rootCrlNumber + 1 };
        await this.audit('root-crl', { number: index.rootCrlNumber });
        await this.writeIndex(index);
        const issuer = { nameDer: this.rootCertificate.subjectDer, privateKey: rootKey };
        const crl = await buildEmptyRootCrl(issuer, index.rootCrlNumber, now, this.rootCertificate);
        await writeFileAtomic(path.join(this.folder, AUTHORITY_FILES.rootCrl), crl);
      }
      await this.issueCrl(index, now);
    });
  }

  /** Writes the index first: a CRL that is lost can be made again, a number must not be reused. */
  private async issueCrl(index: AuthorityIndex, now: Date): Promise<void> {
    const number = index.crlNumber + 1;
    const revocations = index.certificates.flatMap(({ serialNumber, revoked }) =>
      revoked ? [{ serialNumber, revokedAt: revoked.at, reason: revoked.reason }] : [],
    );
    await this.audit('crl', { number, revokedCount: revocations.length });
    await this.writeIndex({ ...index, crlNumber: number });
    const crl = await buildCrl(
      {
        number,
        thisUpdate: now,
        nextUpdate: new Date(Number(now) + CRL_DAYS * DAY_MS),
        revocations,
        keepsExpiredSince: this.issuingCertificate.notBefore,
      },
      this.issuingKey,
    );
    await writeFileAtomic(path.join(this.folder, AUTHORITY_FILES.crl), crl);
  }

  /** Everything issued so far, oldest first. */
  list(): readonly IssuedCertificate[] {
    return this.readIndex().certificates;
  }

  /** The newest CRL of the issuing CA, DER. */
  crl(): Uint8Array {
    return this.readFile(AUTHORITY_FILES.crl);
  }

  /** The newest CRL of the root, DER. */
  rootCrl(): Uint8Array {
    return this.readFile(AUTHORITY_FILES.rootCrl);
  }

  /** What others need to verify our certificates: root, issuing CA and both CRLs. */
  trust(): TrustStore {
    return createTrustStore({
      anchors: [this.rootCertificate],
      intermediates: [this.issuingCertificate],
      crls: [parseCrl(this.rootCrl()), parseCrl(this.crl())],
    });
  }

  private readIndex(): AuthorityIndex {
    return parseIndex(Buffer.from(this.readFile(AUTHORITY_FILES.index)).toString('utf8'));
  }

  private writeIndex(index: AuthorityIndex): Promise<void> {
    return writeFileAtomic(
      path.join(this.folder, AUTHORITY_FILES.index),
      formatIndex(index),
      0o640,
    );
  }

  private readFile(name: string): Uint8Array {
    const file = path.join(this.folder, name);
    try {
      return readFileSync(file);
    } catch (cause) {
      throw new SignerError('SIGNER_AUTHORITY_DAMAGED', `'${file}' cannot be read`, { cause });
    }
  }

  private audit(event: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    return writeAudit(this.options, event, fields);
  }
}

/** The time now, by the clock of the options. */
export function readClock({ now }: Pick<AuthorityOptions, 'now'>): Date {
  if (now === undefined) return new Date();
  return typeof now === 'function' ? now() : now;
}

/** Appends one line to the audit log. */
export async function writeAudit(
  options: AuthorityOptions,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const actor = options.actor === undefined ? {} : { actor: options.actor };
  const line = JSON.stringify({ at: readClock(options), event, ...actor, ...fields });
  await appendLine(path.join(options.folder, AUTHORITY_FILES.audit), line);
}

/** The root's CRL: it lists nothing, as an issuing CA is replaced together with its root here. */
export function buildEmptyRootCrl(
  root: IssuingKey,
  number: number,
  now: Date,
  certificate: Certificate,
): Promise<Uint8Array> {
  const end = Math.min(Number(now) + ROOT_CRL_DAYS * DAY_MS, Number(certificate.notAfter));
  return buildCrl({ number, thisUpdate: now, nextUpdate: new Date(end), revocations: [] }, root);
}

function readSerial(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  const isHex = /^(?:[0-9a-fA-F]{2})+$/.test(hex) && bytes.some((byte) => byte !== 0);
  if (!isHex || bytes.length > 20 || (bytes.length === 20 && (bytes[0] ?? 0) >= 0x80)) {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${hex}' is not a serial number`);
  }
  return bytes;
}

/**
 * Opens an authority.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_MISSING`, `SIGNER_AUTHORITY_PASSPHRASE_WRONG`,
 *   `SIGNER_AUTHORITY_DAMAGED`.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { folder } = options;
  const readCertificate = async (name: string): Promise<Certificate> => {
    const file = path.join(folder, name);
    try {
      return parseCertificate(await readFile(file));
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) {
        throw new SignerError('SIGNER_AUTHORITY_MISSING', `no authority in '${folder}'`, { cause });
      }
      throw new SignerError('SIGNER_AUTHORITY_DAMAGED', `'${file}' cannot be read`, { cause });
    }
  };
  const root = await readCertificate(AUTHORITY_FILES.rootCertificate);
  const issuing = await readCertificate(AUTHORITY_FILES.issuingCertificate);
  const privateKey = await readKey(options, AUTHORITY_FILES.issuingKey, 'required');
  if (privateKey === undefined) {
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', 'the key of the issuing CA is missing');
  }
  await mkdir(path.join(folder, AUTHORITY_FILES.issued), { recursive: true });
  return new Authority(options, root, issuing, { nameDer: issuing.subjectDer, privateKey });
}

async function readKey(
  { folder, passphrase }: AuthorityOptions,
  name: string,
  presence: 'required' | 'if-present',
): Promise<KeyObject | undefined> {
  const file = path.join(folder, name);
  let pem: Buffer;
  try {
    pem = await readFile(file);
  } catch (cause) {
    if (presence === 'if-present' && hasCode(cause, 'ENOENT')) return undefined;
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', `'${file}' cannot be read`, { cause });
  }
  try {
    return createPrivateKey({ key: pem, format: 'pem', passphrase });
  } catch (cause) {
    const message = `the passphrase does not open '${file}'`;
    throw new SignerError('SIGNER_AUTHORITY_PASSPHRASE_WRONG', message, { cause });
  }
}
