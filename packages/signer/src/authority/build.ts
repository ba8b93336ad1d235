import { type KeyObject, randomBytes } from 'node:crypto';

import {
  OID,
  TAG,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeInteger,
  encodeSequence,
  encodeTime,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../x509/crl.ts';
import { importPublicKey } from '../x509/public-key.ts';
import { encodeExtension } from './encode-extension.ts';
import {
  authorityKeyIdExtension,
  expiredCertsOnCrlExtension,
  exportSpki,
  keyIdentifierOf,
  subjectKeyIdExtension,
} from './profile.ts';
import { type SigningKey, keyInMemory, keyOfSigner, signStructure } from './signing-key.ts';

/** A CA that can sign: its name, and its key in memory or wherever a Signer keeps it. */
export type IssuingKey =
  | {
      /** Name, DER. */
      readonly nameDer: Uint8Array;
      readonly privateKey: KeyObject;
    }
  | {
      readonly nameDer: Uint8Array;
      /** Only its key counts: a token may hold another certificate for it. */
      readonly signer: Signer;
    };

function signingKeyOf(issuer: IssuingKey): SigningKey {
  return 'signer' in issuer ? keyOfSigner(issuer.signer) : keyInMemory(issuer.privateKey);
}

/** Serial number: 20 bytes, positive, 159 random bits below the top bit (RFC 5280 §4.1.2.2). */
export function randomSerial(): Uint8Array {
  const bytes = randomBytes(20);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

/** What stands in a new certificate, apart from what the issuer adds. */
export interface CertificateContent {
  readonly subjectDer: Uint8Array;
  readonly publicKey: KeyObject;
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Encoded; subject and authority key identifiers are added. */
  readonly extensions: readonly Uint8Array[];
}

/** Builds and signs an X.509 v3 certificate (RFC 5280 §4.1). Returns DER. */
export function buildCertificate(
  content: CertificateContent,
  issuer: IssuingKey,
): Promise<Uint8Array> {
  const { subjectDer, publicKey, serial, notBefore, notAfter, extensions } = content;
  if (!(notBefore < notAfter)) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'notAfter must be later than notBefore');
  }
  const key = signingKeyOf(issuer);
  const spki = exportSpki(publicKey);
  importPublicKey(spki); // refuses weak and unknown keys
  const keyIds = [
    subjectKeyIdExtension(keyIdentifierOf(spki)),
    authorityKeyIdExtension(keyIdentifierOf(key.spki)),
  ];
  return signStructure(key, (algorithm) =>
    encodeSequence(
      encodeExplicit(0, encodeInteger(2)),
      encodeInteger(serial),
      algorithm,
      issuer.nameDer,
      encodeSequence(encodeTime(notBefore), encodeTime(notAfter)),
      subjectDer,
      spki,
      encodeExplicit(3, encodeSequence(...extensions, ...keyIds)),
    ),
  );
}

/** A line of a CRL to be built. */
export interface Revocation {
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: RevocationReason;
  /** Since when the key is known or suspected to be in wrong hands (RFC 5280 §5.3.2). */
  readonly invalidSince?: Date | undefined;
}

/** Builds and signs a CRL (RFC 5280 §5.1): a complete one, or a delta to an earlier one. Returns DER. */
export function buildCrl(
  content: {
    readonly number: number;
    readonly thisUpdate: Date;
    readonly nextUpdate: Date;
    readonly revocations: readonly Revocation[];
    /** From when on expired certificates stay listed. */
    readonly keepsExpiredSince?: Date;
    /** Number of the complete CRL that a delta CRL goes with (RFC 5280 §5.2.4). */
    readonly baseNumber?: number | bigint;
    /** More extensions, encoded. */
    readonly extensions?: readonly Uint8Array[];
  },
  issuer: IssuingKey,
): Promise<Uint8Array> {
  const { keepsExpiredSince } = content;
  const key = signingKeyOf(issuer);
  const extensions = [
    authorityKeyIdExtension(keyIdentifierOf(key.spki)),
    encodeExtension(OID.crlNumber, false, encodeInteger(content.number)),
    ...(content.baseNumber === undefined
      ? []
      : [encodeExtension(OID.deltaCrlIndicator, true, encodeInteger(content.baseNumber))]),
    ...(keepsExpiredSince ? [expiredCertsOnCrlExtension(keepsExpiredSince)] : []),
    ...(content.extensions ?? []),
  ];
  const entries = content.revocations.map(encodeRevocation);
  return signStructure(key, (algorithm) =>
    encodeSequence(
      encodeInteger(1),
      algorithm,
      issuer.nameDer,
      encodeTime(content.thisUpdate),
      encodeTime(content.nextUpdate),
      entries.length === 0 ? new Uint8Array(0) : encodeSequence(...entries),
      encodeExplicit(0, encodeSequence(...extensions)),
    ),
  );
}

function encodeRevocation(revocation: Revocation): Uint8Array {
  const { serialNumber, revokedAt, reason, invalidSince } = revocation;
  const extensions: Uint8Array[] = [];
  // RFC 5280 §5.3.1: "unspecified" is said by leaving the reason out.
  if (reason !== 'unspecified') {
    const number = encodeInteger(REVOCATION_REASONS[reason], TAG.ENUMERATED);
    extensions.push(encodeExtension(OID.reasonCode, false, number));
  }
  if (invalidSince !== undefined) {
    const time = encodeGeneralizedTime(invalidSince);
    extensions.push(encodeExtension(OID.invalidityDate, false, time));
  }
  const serial = encodeInteger(Buffer.from(serialNumber, 'hex'));
  const encoded = extensions.length === 0 ? new Uint8Array(0) : encodeSequence(...extensions);
  return encodeSequence(serial, encodeTime(revokedAt), encoded);
}
