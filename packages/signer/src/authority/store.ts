import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { SignerError } from '../errors.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { type AuditLog, appendAudit, readAuditLog } from './audit-log.ts';
import { hasCode, writeFileAtomic } from '../disk/durable.ts';
import {
  type AuthorityIndex,
  type IssuedCertificate,
  formatIndex,
  parseIndex,
} from './index-file.ts';
import { withLock } from './lock.ts';

/** Files of an authority, below its folder. */
export const AUTHORITY_FILES = {
  rootCertificate: 'root.crt',
  rootKey: 'root.key',
  issuingCertificate: 'issuing.crt',
  issuingKey: 'issuing.key',
  rootCrl: 'root.crl',
  crl: 'issuing.crl',
  deltaCrl: 'issuing-delta.crl',
  index: 'index.json',
  audit: 'audit.log',
  issued: 'issued',
} as const;

/** Files of one issuing CA. */
export interface IssuingCaFiles {
  readonly certificate: string;
  readonly key: string;
  readonly crl: string;
  readonly deltaCrl: string;
}

/** Files of the issuing CA with this number, counted from 1. */
export function filesOfIssuingCa(number: number): IssuingCaFiles {
  const base = number === 1 ? 'issuing' : `issuing-${number}`;
  return {
    certificate: `${base}.crt`,
    key: `${base}.key`,
    crl: `${base}.crl`,
    deltaCrl: `${base}-delta.crl`,
  };
}

/** Who acts, and when. */
export interface StoreOptions {
  readonly folder: string;
  /** The clock, or a fixed time; default: the system's. */
  readonly now?: Date | (() => Date);
  /** Who acts, for the audit log. */
  readonly actor?: string;
}

/** One change of the authority, made while the folder is locked. */
export interface Change {
  /** As it was last committed. */
  readonly index: AuthorityIndex;
  readonly now: Date;
  /** Writes a line to the audit log: before what it tells is done. */
  record(event: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  /** Makes the index the one that counts. */
  commit(index: AuthorityIndex): Promise<void>;
}

/** The folder of an authority: its files, its index, its audit log, its lock. */
export class AuthorityStore {
  readonly folder: string;
  private readonly options: StoreOptions;
  private known: { readonly version: string; readonly index: AuthorityIndex } | undefined;

  private bySerial:
    | { readonly index: AuthorityIndex; readonly entries: ReadonlyMap<string, IssuedCertificate> }
    | undefined;

  constructor(options: StoreOptions) {
    this.folder = options.folder;
    this.options = options;
  }

  now(): Date {
    const { now } = this.options;
    if (now === undefined) return new Date();
    return typeof now === 'function' ? now() : now;
  }

  path(...names: readonly string[]): string {
    return path.join(this.folder, ...names);
  }

  /** @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED` when the file cannot be read. */
  read(...names: readonly string[]): Uint8Array {
    const bytes = this.readIfPresent(...names);
    if (bytes !== undefined) return bytes;
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', `'${this.path(...names)}' is missing`);
  }

  readIfPresent(...names: readonly string[]): Uint8Array | undefined {
    try {
      return readFileSync(this.path(...names));
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return undefined;
      const message = `'${this.path(...names)}' cannot be read`;
      throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message, { cause });
    }
  }

  /** @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED`. */
  readCertificate(...names: readonly string[]): Certificate {
    try {
      return parseCertificate(this.read(...names));
    } catch (cause) {
      const message = `'${this.path(...names)}' holds no certificate`;
      throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message, { cause });
    }
  }

  write(name: string, content: Uint8Array | string, mode?: number): Promise<void> {
    return writeFileAtomic(this.path(name), content, mode);
  }

  /** The index as it is on disk; read anew only when the file is another one. */
  readIndex(): AuthorityIndex {
    const version = this.indexVersion();
    if (this.known?.version === version) return this.known.index;
    const index = parseIndex(Buffer.from(this.read(AUTHORITY_FILES.index)).toString('utf8'));
    this.known = { version, index };
    return index;
  }

  /** What the index knows about a certificate, found without walking the whole of it each time. */
  findIssued(serialNumber: string): IssuedCertificate | undefined {
    const index = this.readIndex();
    if (this.bySerial?.index !== index) {
      const entries = index.certificates.map((entry) => [entry.serialNumber, entry] as const);
      this.bySerial = { index, entries: new Map(entries) };
    }
    return this.bySerial.entries.get(serialNumber);
  }

  /** Changes whenever the index does: it is always replaced as a whole, by a new file. */
  indexVersion(): string {
    try {
      const stat = statSync(this.path(AUTHORITY_FILES.index), { bigint: true });
      return `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
    } catch (cause) {
      const message = `'${this.path(AUTHORITY_FILES.index)}' cannot be read`;
      throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message, { cause });
    }
  }

  /** The audit log, checked. The index is read first: the log is only ever ahead of it. */
  readAudit(): Promise<AuditLog> {
    const { auditHead } = this.readIndex();
    return readAuditLog(this.path(AUTHORITY_FILES.audit), auditHead);
  }

  /**
   * Runs a change while no other command works in the folder.
   *
   * The order inside is always: audit line, index, other files. A process that dies in between leaves
   * a line about something that was not done, or files behind the index, which the next change makes
   * good.
   */
  change<T>(work: (change: Change) => Promise<T>): Promise<T> {
    return withLock(this.folder, () => {
      let index = this.readIndex();
      let auditHead = index.auditHead;
      return work({
        get index() {
          return index;
        },
        now: this.now(),
        record: async (event, fields) => {
          auditHead = await this.record(event, fields);
        },
        commit: async (next) => {
          index = { ...next, auditHead };
          await this.write(AUTHORITY_FILES.index, formatIndex(index), 0o640);
        },
      });
    });
  }

  /** Writes a line to the audit log; the caller holds the lock, or nobody else knows the folder. */
  record(event: string, fields: Readonly<Record<string, unknown>>): Promise<string> {
    const { actor } = this.options;
    const who = actor === undefined ? {} : { actor };
    const line = { at: this.now(), event, ...who, ...fields };
    return appendAudit(this.path(AUTHORITY_FILES.audit), line);
  }
}
