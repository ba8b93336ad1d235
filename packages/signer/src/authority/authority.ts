import { mkdir } from 'node:fs/promises';

import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { type TrustStore, createTrustStore } from '../path/trust-store.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type RevocationReason, parseCrl } from '../x509/crl.ts';
import type { AuditLog } from './audit-log.ts';
import { readBaseUrl } from './authority-urls.ts';
import { type CaKeyOptions, CaKeys, type IssuingCa } from './ca-keys.ts';
import type { CertificateRequest } from './csr.ts';
import type { IssuedCertificate } from './index-file.ts';
import {
  type GrantOptions,
  type Granted,
  type IssueRequest,
  type Issued,
  type RenewOptions,
  grantRequest,
  issueCertificate,
  issueOcspSigner,
  renewCertificate,
  requireIssued,
} from './issue.ts';
import { type ListTools, issueDeltaCrl, renewLists } from './lists.ts';
import { type NewIssuingCaOptions, addIssuingCa } from './new-ca.ts';
import { type RevokeOptions, releaseCertificate, revokeCertificate } from './revoke.ts';
import { AUTHORITY_FILES, AuthorityStore, type StoreOptions, filesOfIssuingCa } from './store.ts';

/** How to open an authority. */
export interface AuthorityOptions extends StoreOptions, CaKeyOptions {}

/** A certificate authority on disk: a root, issuing CAs below it, what they issued, their CRLs. */
export class Authority {
  readonly folder: string;
  readonly rootCertificate: Certificate;
  private readonly tools: ListTools;
  private readonly passphrase: string;

  /** Use {@link openAuthority}. */
  constructor(tools: ListTools, passphrase: string) {
    this.folder = tools.store.folder;
    this.rootCertificate = tools.keys.root;
    this.tools = tools;
    this.passphrase = passphrase;
  }

  /** The CA that issues now. */
  get issuingCertificate(): Certificate {
    return this.tools.keys.current().certificate;
  }

  /** All issuing CAs this authority has had, oldest first; the last one issues. */
  issuingCas(): readonly IssuingCa[] {
    return this.tools.keys.all();
  }

  /**
   * Issues a certificate. It stands in the audit log and the index before it is handed out.
   *
   * @throws {@link SignerError} `SIGNER_INPUT_INVALID`, `SIGNER_ALGORITHM_UNSUPPORTED`,
   *   `SIGNER_AUTHORITY_LOCKED`; `SIGNER_AUTHORITY_ALREADY_REVOKED` when the issuing CA is revoked.
   */
  issue(request: IssueRequest): Promise<Issued> {
    return asPromise(() => issueCertificate(this.tools, request));
  }

  /**
   * Issues a certificate for a certification request. Only what the profile of the use allows is
   * taken from it; the rest is named in the result.
   *
   * @throws {@link SignerError} as {@link issue}, and `SIGNER_CSR_INVALID` for an unusable name.
   */
  issueFor(request: CertificateRequest, options: GrantOptions): Promise<Granted> {
    return asPromise(() => grantRequest(this.tools, request, options));
  }

  /**
   * Issues the next certificate for the same subject and use, while the old one goes on.
   *
   * @throws {@link SignerError} as {@link issue}, and `SIGNER_AUTHORITY_SERIAL_UNKNOWN`,
   *   `SIGNER_AUTHORITY_ALREADY_REVOKED`; `SIGNER_INPUT_INVALID` when the old one has expired.
   */
  renew(serialNumber: string, options: RenewOptions = {}): Promise<Issued> {
    return asPromise(() => renewCertificate(this.tools, serialNumber, options));
  }

  /**
   * Revokes a certificate or an issuing CA, or puts a certificate on hold, and issues a new list.
   *
   * @throws {@link SignerError} `SIGNER_AUTHORITY_SERIAL_UNKNOWN`,
   *   `SIGNER_AUTHORITY_ALREADY_REVOKED`, `SIGNER_INPUT_INVALID`, `SIGNER_AUTHORITY_LOCKED`.
   */
  revoke(
    serialNumber: string,
    reason: RevocationReason,
    options: RevokeOptions = {},
  ): Promise<void> {
    return revokeCertificate(this.tools, serialNumber, reason, options);
  }

  /** Releases a certificate from hold and issues a new list. */
  release(serialNumber: string, options: Pick<RevokeOptions, 'list'> = {}): Promise<void> {
    return releaseCertificate(this.tools, serialNumber, options);
  }

  /**
   * Makes a new issuing CA below the root, which issues from now on. Earlier ones go on to answer for
   * what they issued, unless they are revoked.
   *
   * @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED` when the key of the root is not at hand.
   */
  addIssuingCa(options: NewIssuingCaOptions = {}): Promise<IssuingCa> {
    return addIssuingCa(this.tools, this.passphrase, options);
  }

  /** Issues fresh CRLs of the issuing CAs, and one of the root if its key is in the folder. */
  renewCrl(): Promise<void> {
    return this.tools.store.change((change) => renewLists(this.tools, change, 'all'));
  }

  /** Issues a delta CRL against the complete list that is out. */
  issueDeltaCrl(): Promise<void> {
    return this.tools.store.change((change) =>
      issueDeltaCrl(this.tools, change, this.tools.keys.current()),
    );
  }

  /** Issues the lists that are due: near their end, missing, or left behind by a command that died. */
  renewDueLists(): Promise<void> {
    return this.tools.store.change((change) => renewLists(this.tools, change, 'due'));
  }

  /** Where the authority can be reached over HTTP; it stands in what is issued from then on. */
  get baseUrl(): string | undefined {
    return this.tools.store.readIndex().baseUrl;
  }

  /**
   * @throws {@link SignerError} `SIGNER_INPUT_INVALID` when it is no plain http or https address.
   */
  setBaseUrl(url: string): Promise<void> {
    return asPromise(() => {
      const baseUrl = readBaseUrl(url);
      return this.tools.store.change(async (change) => {
        if (change.index.baseUrl === baseUrl) return;
        await change.record('base-url', { baseUrl });
        await change.commit({ ...change.index, baseUrl });
      });
    });
  }

  /** Everything issued so far, oldest first. */
  list(): readonly IssuedCertificate[] {
    return this.tools.store.readIndex().certificates;
  }

  /**
   * What the index knows about a certificate.
   *
   * @throws {@link SignerError} `SIGNER_AUTHORITY_SERIAL_UNKNOWN`.
   */
  find(serialNumber: string): IssuedCertificate {
    return requireIssued(this.tools.store.readIndex(), serialNumber);
  }

  /** An issued certificate, from the copy that was kept. */
  certificate(serialNumber: string): Certificate {
    this.find(serialNumber);
    return this.tools.store.readCertificate(AUTHORITY_FILES.issued, `${serialNumber}.crt`);
  }

  /** As {@link find}; `undefined` for a certificate that was not issued here. */
  lookUp(serialNumber: string): IssuedCertificate | undefined {
    return this.tools.store.findIssued(serialNumber);
  }

  /** Changes with everything that is issued, revoked or released, by this or another command. */
  version(): string {
    return this.tools.store.indexVersion();
  }

  /** A fresh key with a short-lived certificate for answering about one issuing CA's certificates. */
  issueOcspSigner(ca: IssuingCa): Promise<Signer> {
    return asPromise(() => issueOcspSigner(this.tools, ca));
  }

  /** A list or CA certificate (DER) as the service gives it out, by its file name. */
  publicFile(name: string): Uint8Array | undefined {
    const { store } = this.tools;
    if (name === AUTHORITY_FILES.rootCrl) return this.rootCrl();
    if (name === AUTHORITY_FILES.rootCertificate) return this.rootCertificate.der;
    for (const { number, certificate } of this.issuingCas()) {
      const files = filesOfIssuingCa(number);
      if (name === files.certificate) return certificate.der;
      if (name === files.crl || name === files.deltaCrl) return store.readIfPresent(name);
    }
    return undefined;
  }

  /** The audit log, checked line by line. */
  auditLog(): Promise<AuditLog> {
    return this.tools.store.readAudit();
  }

  /** The newest complete CRL of the CA that issues, DER. */
  crl(): Uint8Array {
    return this.tools.store.read(filesOfIssuingCa(this.tools.keys.current().number).crl);
  }

  /** The newest delta CRL of the CA that issues, DER; `undefined` when there was none yet. */
  deltaCrl(): Uint8Array | undefined {
    const { number } = this.tools.keys.current();
    return this.tools.store.readIfPresent(filesOfIssuingCa(number).deltaCrl);
  }

  /** The newest CRL of the root, DER. */
  rootCrl(): Uint8Array {
    return this.tools.store.read(AUTHORITY_FILES.rootCrl);
  }

  /** The newest CRLs and delta CRLs of root and issuing CAs, DER, by their file names. */
  lists(): ReadonlyMap<string, Uint8Array> {
    const files = this.issuingCas().flatMap(({ number }) => {
      const { crl, deltaCrl } = filesOfIssuingCa(number);
      return [crl, deltaCrl];
    });
    return new Map(
      [AUTHORITY_FILES.rootCrl, ...files].flatMap((file) => {
        const der = this.tools.store.readIfPresent(file);
        return der === undefined ? [] : [[file, der] as const];
      }),
    );
  }

  /** What others need to verify our certificates: root, issuing CAs and their CRLs. */
  trust(): TrustStore {
    return createTrustStore({
      anchors: [this.rootCertificate],
      intermediates: this.issuingCas().map(({ certificate }) => certificate),
      crls: [...this.lists().values()].map((der) => parseCrl(der)),
    });
  }
}

/** What is wrong with the arguments comes as a rejection, like everything else. */
async function asPromise<T>(work: () => Promise<T>): Promise<T> {
  return await work();
}

/**
 * Opens an authority and checks its audit log.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_MISSING`, `SIGNER_AUTHORITY_PASSPHRASE_WRONG`,
 *   `SIGNER_AUTHORITY_DAMAGED`.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { folder } = options;
  const store = new AuthorityStore(options);
  if (store.readIfPresent(AUTHORITY_FILES.rootCertificate) === undefined) {
    const message = `no authority in '${folder}'`;
    throw new SignerError('SIGNER_AUTHORITY_MISSING', message, { details: { folder } });
  }
  const keys = new CaKeys(store, options);
  keys.issuingKey(keys.current());
  await store.readAudit();
  await mkdir(store.path(AUTHORITY_FILES.issued), { recursive: true });
  return new Authority({ store, keys }, options.passphrase);
}
