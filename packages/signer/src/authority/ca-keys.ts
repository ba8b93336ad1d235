import { createPrivateKey } from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { IssuingKey } from './build.ts';
import { exportSpki } from './profile.ts';
import { AUTHORITY_FILES, type AuthorityStore, filesOfIssuingCa } from './store.ts';

/** Where the keys of an authority come from. */
export interface CaKeyOptions {
  /** Opens the key files. */
  readonly passphrase: string;
  /** Keys of issuing CAs that are kept in tokens or behind services; what fits no CA is not used. */
  readonly issuingSigners?: readonly Signer[];
  /** The key of the root, likewise. */
  readonly rootSigner?: Signer | undefined;
}

/** One issuing CA. */
export interface IssuingCa {
  /** Counted from 1. */
  readonly number: number;
  readonly certificate: Certificate;
}

/** The certificates and keys of root and issuing CAs; each is read once, when it is first needed. */
export class CaKeys {
  readonly root: Certificate;
  private readonly store: AuthorityStore;
  private readonly options: CaKeyOptions;
  private readonly cas = new Map<number, IssuingCa>();
  private readonly opened = new Map<string, IssuingKey>();
  private readonly issuingSigners: Signer[];

  /** @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED` without a readable root certificate. */
  constructor(store: AuthorityStore, options: CaKeyOptions) {
    this.store = store;
    this.options = options;
    this.issuingSigners = [...(options.issuingSigners ?? [])];
    this.root = store.readCertificate(AUTHORITY_FILES.rootCertificate);
  }

  /** The CA that issues: the newest one. Another command may have made it since. */
  current(): IssuingCa {
    return this.ca(this.store.readIndex().issuing.length);
  }

  /** All issuing CAs, oldest first. */
  all(): readonly IssuingCa[] {
    return this.store.readIndex().issuing.map((_, index) => this.ca(index + 1));
  }

  /** Takes another key for an issuing CA that is kept in a token or behind a service. */
  useSigner(signer: Signer): void {
    this.issuingSigners.push(signer);
  }

  private ca(number: number): IssuingCa {
    let ca = this.cas.get(number);
    if (ca === undefined) {
      const certificate = this.store.readCertificate(filesOfIssuingCa(number).certificate);
      ca = { number, certificate };
      this.cas.set(number, ca);
    }
    return ca;
  }

  /**
   * The key of an issuing CA.
   *
   * @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED` when it is neither in the folder nor given,
   *   `SIGNER_AUTHORITY_PASSPHRASE_WRONG`.
   */
  issuingKey({ number, certificate }: IssuingCa): IssuingKey {
    const file = filesOfIssuingCa(number).key;
    const key = this.find(file, certificate, this.issuingSigners);
    if (key !== undefined) return key;
    const message =
      this.store.readIndex().issuing[number - 1]?.keyIsElsewhere === true
        ? `the key of '${certificate.subjectText}' is in a token or service that was not opened`
        : `the key of '${certificate.subjectText}' is missing: no '${this.store.path(file)}'`;
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message);
  }

  /** As {@link issuingKey}; `undefined` when it cannot be had now. */
  issuingKeyIfPresent({ number, certificate }: IssuingCa): IssuingKey | undefined {
    return this.find(filesOfIssuingCa(number).key, certificate, this.issuingSigners);
  }

  /** The key of the root; `undefined` when it is kept apart, as it should be. */
  rootKeyIfPresent(): IssuingKey | undefined {
    const { rootSigner } = this.options;
    return this.find(
      AUTHORITY_FILES.rootKey,
      this.root,
      rootSigner === undefined ? [] : [rootSigner],
    );
  }

  /** @throws {@link SignerError} `SIGNER_AUTHORITY_DAMAGED` when the key is kept apart. */
  rootKey(): IssuingKey {
    const key = this.rootKeyIfPresent();
    if (key !== undefined) return key;
    const message = `the key of the root is needed: put '${AUTHORITY_FILES.rootKey}' back for this`;
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message);
  }

  private find(
    file: string,
    certificate: Certificate,
    signers: readonly Signer[],
  ): IssuingKey | undefined {
    const known = this.opened.get(file);
    if (known !== undefined) return known;
    const signer = signers.find((one) => belongs(one.certificate.publicKeyDer, certificate));
    const key =
      signer === undefined
        ? this.openFile(file, certificate)
        : { nameDer: certificate.subjectDer, signer };
    if (key !== undefined) this.opened.set(file, key);
    return key;
  }

  private openFile(file: string, certificate: Certificate): IssuingKey | undefined {
    const pem = this.store.readIfPresent(file);
    if (pem === undefined) return undefined;
    const { passphrase } = this.options;
    let privateKey;
    try {
      privateKey = createPrivateKey({ key: Buffer.from(pem), format: 'pem', passphrase });
    } catch (cause) {
      const message = `the passphrase does not open '${this.store.path(file)}'`;
      throw new SignerError('SIGNER_AUTHORITY_PASSPHRASE_WRONG', message, { cause });
    }
    if (!belongs(exportSpki(privateKey), certificate)) {
      const message = `'${this.store.path(file)}' is not the key of '${certificate.subjectText}'`;
      throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message);
    }
    return { nameDer: certificate.subjectDer, privateKey };
  }
}

function belongs(spki: Uint8Array, certificate: Certificate): boolean {
  return Buffer.compare(spki, certificate.publicKeyDer) === 0;
}
