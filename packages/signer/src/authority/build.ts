import { type KeyObject, randomBytes } from 'node:crypto';

import {
  OID,
  TAG,
  encodeBitString,
  encodeExplicit,
  encodeInteger,
  encodeOid,
  encodeSequence,
  encodeTime,
  encodeTlv,
} from '../der/index.ts';
import { encodeSignatureAlgorithm } from '../cms/sign.ts';
import { SIGNATURE_SCHEMES, algorithmsOfKey, signWithKey } from '../keys/signer.ts';
import { SignerError } from '../errors.ts';
import type { HashName } from '../x509/algorithm.ts';
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

/** A CA that can sign: its name and key. */
export interface IssuingKey {
  /** Name, DER. */
  readonly nameDer: Uint8Array;
  readonly privateKey: KeyObject;
}

/** Serial number: 20 bytes, positive, 159 random bits below the top bit (RFC 5280 §4.1.2.2). */
export function randomSerial(): Uint8Array {
  const bytes = randomBytes(20);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

const RSA_OIDS: Readonly<Record<HashName, string>> = {
  sha256: OID.sha256WithRSAEncryption,
  sha384: OID.sha384WithRSAEncryption,
  sha512: OID.sha512WithRSAEncryption,
};

/** Signs a TBS structure with a CA key and puts the three parts together. */
async function seal(
  issuer: IssuingKey,
  makeTbs: (algorithm: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const spki = exportSpki(issuer.privateKey);
  const [algorithm] = algorithmsOfKey(importPublicKey(spki));
  if (algorithm === undefined) {
    throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', 'the CA key cannot sign');
  }
  const scheme = SIGNATURE_SCHEMES[algorithm];
  // In certificates the hash stands in the algorithm, unlike in CMS.
  const identifier =
    scheme.family === 'rsa-pkcs1'
      ? encodeSequence(encodeOid(RSA_OIDS[scheme.hash]), encodeTlv(TAG.NULL))
      : encodeSignatureAlgorithm(algorithm);
  const tbs = makeTbs(identifier);
  const signature = await signWithKey(issuer.privateKey, tbs, scheme);
  return encodeSequence(tbs, identifier, encodeBitString(signature));
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
  const spki = exportSpki(publicKey);
  importPublicKey(spki); // refuses weak and unknown keys
  const keyIds = [
    subjectKeyIdExtension(keyIdentifierOf(spki)),
    authorityKeyIdExtension(keyIdentifierOf(exportSpki(issuer.privateKey))),
  ];
  return seal(issuer, (algorithm) =>
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
}

/** Builds and signs a complete CRL (RFC 5280 §5.1). Returns DER. */
export function buildCrl(
  content: {
    readonly number: number;
    readonly thisUpdate: Date;
    readonly nextUpdate: Date;
    readonly revocations: readonly Revocation[];
    /** From when on expired certificates stay listed. */
    readonly keepsExpiredSince?: Date;
    /** More extensions, encoded. */
    readonly extensions?: readonly Uint8Array[];
  },
  issuer: IssuingKey,
): Promise<Uint8Array> {
  const { keepsExpiredSince } = content;
  const extensions = [
    authorityKeyIdExtension(keyIdentifierOf(exportSpki(issuer.privateKey))),
    encodeExtension(OID.crlNumber, false, encodeInteger(content.number)),
    ...(keepsExpiredSince ? [expiredCertsOnCrlExtension(keepsExpiredSince)] : []),
    ...(content.extensions ?? []),
  ];
  const entries = content.revocations.map(encodeRevocation);
  return seal(issuer, (algorithm) =>
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

function encodeRevocation({ serialNumber, revokedAt, reason }: Revocation): Uint8Array {
  const number = encodeInteger(REVOCATION_REASONS[reason], TAG.ENUMERATED);
  // RFC 5280 §5.3.1: "unspecified" is said by leaving the reason out.
  const extensions =
    reason === 'unspecified'
      ? new Uint8Array(0)
      : encodeSequence(encodeExtension(OID.reasonCode, false, number));
  const serial = encodeInteger(Buffer.from(serialNumber, 'hex'));
  return encodeSequence(serial, encodeTime(revokedAt), extensions);
}
