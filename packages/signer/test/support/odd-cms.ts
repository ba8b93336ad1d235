import { createHash, hash } from 'node:crypto';

import {
  OID,
  TAG,
  contextConstructed,
  encodeExplicit,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
} from '../../src/der/index.ts';
import { encodeSignatureAlgorithm } from '../../src/keys/algorithm-identifier.ts';
import { SIGNATURE_SCHEMES, type Signer, signWithKey } from '../../src/keys/signer.ts';
import type { TestSigner } from '../../src/testing/test-pki.ts';
import { HASH_OIDS, type SignatureScheme } from '../../src/x509/algorithm.ts';
import type { Certificate } from '../../src/x509/certificate.ts';

export const none = new Uint8Array(0);

export const attribute = (oid: string, ...values: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encodeOid(oid), encodeTlv(TAG.SET, ...values));

export const algorithm = (oid: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encodeOid(oid), ...parameters);

export const contentType = (oid: string = OID.data): Uint8Array =>
  attribute(OID.contentType, encodeOid(oid));

export const messageDigest = (content: Uint8Array, name = 'sha256'): Uint8Array =>
  attribute(OID.messageDigest, encodeOctetString(createHash(name).update(content).digest()));

export const signingCertificateV2 = (
  certificate: Certificate,
  options: { hash?: Uint8Array; algorithm?: Uint8Array; issuerSerial?: Uint8Array } = {},
): Uint8Array => {
  const certHash = options.hash ?? hash('sha256', certificate.der, 'buffer');
  const id = encodeSequence(
    options.algorithm ?? none,
    encodeOctetString(certHash),
    options.issuerSerial ?? none,
  );
  return attribute(OID.signingCertificateV2, encodeSequence(encodeSequence(id)));
};

export const issuerSerial = (issuerDer: Uint8Array, serialBytes: Uint8Array): Uint8Array =>
  encodeSequence(encodeSequence(encodeExplicit(4, issuerDer)), encodeInteger(serialBytes));

export const issuerAndSerial = (certificate: Certificate): Uint8Array =>
  encodeSequence(certificate.issuerDer, encodeTlv(TAG.INTEGER, certificate.serialBytes));

/** A message put together from parts; each part can be replaced by an odd one. */
export interface OddCms {
  readonly signer: TestSigner;
  readonly content: Uint8Array;
  readonly attributes?: readonly Uint8Array[];
  /** In the order given, not sorted. */
  readonly unsorted?: boolean;
  readonly withoutAttributes?: boolean;
  readonly digestAlgorithm?: Uint8Array;
  readonly signatureAlgorithm?: Uint8Array;
  readonly scheme?: SignatureScheme;
  readonly sid?: Uint8Array;
  readonly signerVersion?: number;
  readonly version?: number;
  readonly eContentType?: string;
  readonly eContent?: Uint8Array;
  /** The value of eContent instead of an OCTET STRING of `eContent`. */
  readonly eContentValue?: Uint8Array;
  readonly certificates?: readonly Uint8Array[];
  readonly outerType?: string;
  readonly signerCount?: number;
  /** Encoded `[1]` of unsigned attributes. */
  readonly unsigned?: Uint8Array;
  /** Tokens over the signature value, each in an attribute signature-time-stamp. */
  readonly timeStamps?: (signature: Uint8Array) => Promise<readonly Uint8Array[]>;
  readonly tail?: Uint8Array;
}

/** Content type, message digest and certificate, by the hash of the signer. */
export function usualAttributes(
  signer: Signer,
  content: Uint8Array,
  type: string = OID.data,
): [Uint8Array, Uint8Array, Uint8Array] {
  const { certificate, algorithm: name } = signer;
  const digest = messageDigest(content, SIGNATURE_SCHEMES[name].hash);
  return [contentType(type), digest, signingCertificateV2(certificate)];
}

export async function oddCms(parts: OddCms): Promise<Uint8Array> {
  const { signer, content } = parts;
  const attributes = parts.attributes ?? usualAttributes(signer, content, parts.eContentType);
  const set = parts.unsorted ? encodeTlv(TAG.SET, ...attributes) : encodeSetOf(attributes);
  const scheme = parts.scheme ?? SIGNATURE_SCHEMES[signer.algorithm];
  const signed = parts.withoutAttributes ? content : set;
  const signature = await signWithKey(signer.keys.privateKey, signed, scheme);
  const tokens =
    parts.timeStamps &&
    encodeTlv(
      contextConstructed(1),
      ...(await parts.timeStamps(signature)).map((token) =>
        attribute(OID.signatureTimeStampToken, token),
      ),
    );
  const implicit = new Uint8Array(set);
  implicit[0] = contextConstructed(0);
  const { algorithm: name } = signer;
  const usualDigest = HASH_OIDS[SIGNATURE_SCHEMES[name].hash];
  const digestAlgorithm = parts.digestAlgorithm ?? algorithm(usualDigest);
  const signerInfo = encodeSequence(
    encodeInteger(parts.signerVersion ?? 1),
    parts.sid ?? issuerAndSerial(signer.certificate),
    digestAlgorithm,
    parts.withoutAttributes ? none : implicit,
    parts.signatureAlgorithm ?? encodeSignatureAlgorithm(name),
    encodeOctetString(signature),
    parts.unsigned ?? tokens ?? none,
  );
  const octets = parts.eContentValue ?? (parts.eContent && encodeOctetString(parts.eContent));
  const eContent = octets ? encodeExplicit(0, octets) : none;
  const certificates = parts.certificates ?? [signer.certificate.der];
  const signedData = encodeSequence(
    encodeInteger(parts.version ?? 1),
    encodeTlv(TAG.SET, digestAlgorithm),
    encodeSequence(encodeOid(parts.eContentType ?? OID.data), eContent),
    certificates.length === 0 ? none : encodeSetOf(certificates, contextConstructed(0)),
    encodeTlv(TAG.SET, ...Array.from({ length: parts.signerCount ?? 1 }, () => signerInfo)),
    parts.tail ?? none,
  );
  return encodeSequence(
    encodeOid(parts.outerType ?? OID.signedData),
    encodeExplicit(0, signedData),
  );
}

/** The same value with indefinite lengths wherever a value is constructed. */
export function toIndefinite(
  der: Uint8Array,
  keep: (tag: number, depth: number) => boolean,
  depth = 0,
): Uint8Array {
  const tag = der[0] ?? 0;
  const first = der[1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const content = der.subarray(2 + lengthBytes);
  if ((tag & 0x20) === 0 || keep(tag, depth)) return der;
  const members: Uint8Array[] = [];
  for (let at = 0; at < content.length;) {
    const size = content[at + 1] ?? 0;
    const count = size < 0x80 ? 0 : size & 0x7f;
    let length = size < 0x80 ? size : 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + (content[at + 2 + i] ?? 0);
    const end = at + 2 + count + length;
    members.push(toIndefinite(content.subarray(at, end), keep, depth + 1));
    at = end;
  }
  return Buffer.concat([Uint8Array.of(tag, 0x80), ...members, Uint8Array.of(0, 0)]);
}
