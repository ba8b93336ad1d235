import { constants, diffieHellman, publicEncrypt } from 'node:crypto';

import {
  OID,
  TAG,
  contextConstructed,
  encodeBitString,
  encodeExplicit,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import {
  AES256_WRAP_ALGORITHM,
  curveOf,
  deriveWrappingKey,
  generateEphemeral,
  wrapKey,
} from './key-agreement.ts';

/** More recipients than this are refused, when sealing and when opening. */
export const MAX_RECIPIENTS = 1_000;

const SHA256_ALGORITHM = encodeSequence(encodeOid(OID.sha256));
/** RSAES-OAEP-params (RFC 4055 §4.1) with SHA-256 for both; the defaults are SHA-1. */
const OAEP_ALGORITHM = encodeSequence(
  encodeOid(OID.rsaesOaep),
  encodeSequence(
    encodeExplicit(0, SHA256_ALGORITHM),
    encodeExplicit(1, encodeSequence(encodeOid(OID.mgf1), SHA256_ALGORITHM)),
  ),
);
const KDF_OID = { sha256: OID.stdDhSha256Kdf, sha384: OID.stdDhSha384Kdf } as const;

/** IssuerAndSerialNumber of a certificate (RFC 5652 §10.2.4), DER. */
export function encodeIssuerAndSerial(certificate: Certificate): Uint8Array {
  return encodeSequence(certificate.issuerDer, encodeTlv(TAG.INTEGER, certificate.serialBytes));
}

/**
 * Checks that all of them can receive, and leaves out what stands twice.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` for no or too many recipients, or a certificate
 *   that is not for encryption; `SIGNER_ALGORITHM_UNSUPPORTED` for a key of another kind than RSA,
 *   P-256 and P-384.
 */
export function checkRecipients(certificates: readonly Certificate[]): readonly Certificate[] {
  const unique = [...new Map(certificates.map((one) => [one.sha256, one])).values()];
  if (unique.length === 0 || unique.length > MAX_RECIPIENTS) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `${unique.length} recipients: there must be 1 to ${MAX_RECIPIENTS}`,
    );
  }
  for (const certificate of unique) {
    const { keyUsage, publicKey, subjectText } = certificate;
    const isRsa = publicKey.asymmetricKeyType === 'rsa';
    if (!isRsa && curveOf(publicKey) === undefined) {
      throw new SignerError(
        'SIGNER_ALGORITHM_UNSUPPORTED',
        `the key of '${subjectText}' is neither RSA nor P-256 nor P-384: nothing is sealed for it`,
      );
    }
    if (keyUsage && !keyUsage.has(isRsa ? 'keyEncipherment' : 'keyAgreement')) {
      throw new SignerError(
        'SIGNER_INPUT_INVALID',
        `the certificate of '${subjectText}' is not for encryption (keyUsage)`,
        { details: { sha256: certificate.sha256 } },
      );
    }
  }
  return unique;
}

/**
 * RecipientInfos that give the key to the holders of certificates (RFC 5652 §6.2): one for each RSA
 * key, and one for all keys of a curve together.
 */
export function encodeRecipientInfos(
  certificates: readonly Certificate[],
  contentKey: Uint8Array,
): Uint8Array[] {
  const infos: Uint8Array[] = [];
  const byCurve = new Map<string, Certificate[]>();
  for (const certificate of certificates) {
    const curve = curveOf(certificate.publicKey);
    if (curve === undefined) infos.push(encodeKeyTransport(certificate, contentKey));
    else byCurve.set(curve.name, [...(byCurve.get(curve.name) ?? []), certificate]);
  }
  for (const sharing of byCurve.values()) infos.push(encodeKeyAgreement(sharing, contentKey));
  return infos;
}

/** KeyTransRecipientInfo (RFC 5652 §6.2.1) with RSAES-OAEP (RFC 3560). */
function encodeKeyTransport(certificate: Certificate, contentKey: Uint8Array): Uint8Array {
  const wrapped = publicEncrypt(
    {
      key: certificate.publicKey,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
    },
    contentKey,
  );
  return encodeSequence(
    encodeInteger(0),
    encodeIssuerAndSerial(certificate),
    OAEP_ALGORITHM,
    encodeOctetString(wrapped),
  );
}

/**
 * KeyAgreeRecipientInfo (RFC 5652 §6.2.2), ephemeral-static ECDH (RFC 5753 §3.1). The recipients share
 * the ephemeral key, as RFC 5652 foresees: their secrets differ, as their own keys do, and each costs
 * one multiplication and half the bytes.
 */
function encodeKeyAgreement(sharing: readonly Certificate[], contentKey: Uint8Array): Uint8Array {
  const [first] = sharing;
  const curve = first && curveOf(first.publicKey);
  if (curve === undefined) throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', 'unknown curve');
  const ephemeral = generateEphemeral(curve.name);
  const originatorKey = encodeTlv(
    contextConstructed(1),
    encodeSequence(encodeOid(OID.ecPublicKey)),
    encodeBitString(ephemeral.point),
  );
  const keys = sharing.map((certificate) => {
    const { privateKey } = ephemeral;
    const secret = diffieHellman({ privateKey, publicKey: certificate.publicKey });
    const kek = deriveWrappingKey(secret, curve.kdf, AES256_WRAP_ALGORITHM, undefined);
    return encodeSequence(
      encodeIssuerAndSerial(certificate),
      encodeOctetString(wrapKey(kek, contentKey)),
    );
  });
  return encodeTlv(
    contextConstructed(1),
    encodeInteger(3),
    encodeExplicit(0, originatorKey),
    encodeSequence(encodeOid(KDF_OID[curve.kdf]), AES256_WRAP_ALGORITHM),
    encodeSequence(...keys),
  );
}
