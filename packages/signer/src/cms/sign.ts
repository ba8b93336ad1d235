import { hash } from 'node:crypto';

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
  encodeTime,
  encodeTlv,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { encodeSignatureAlgorithm } from '../keys/algorithm-identifier.ts';
import { SIGNATURE_SCHEMES, type Signer } from '../keys/signer.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { HASH_OIDS, type HashName } from '../x509/algorithm.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type DetachedContent, digestContent } from './content.ts';
import { makeSignatureTimeStamp } from './time-stamp.ts';

/** Which certificates travel in the message: signer and issuers without roots, or none. */
export type CmsCertificates = 'chain' | 'none';

/** The hash a signer's messages use; digest content that is signed in parts with it. */
export function hashOfSigner(signer: Signer): HashName {
  return SIGNATURE_SCHEMES[signer.algorithm].hash;
}

/** How a message is to be made. */
export interface SignCmsOptions {
  /** Default `chain`. */
  readonly certificates?: CmsCertificates;
  /** Adds a signature-time-stamp: CAdES B-T. */
  readonly timeStamps?: TimeStampSource | undefined;
  /**
   * The time that the signer claims (signing-time). The baseline levels of CAdES ask for it (ETSI EN
   * 319 122-1 §6.3), those of PAdES forbid it; it proves nothing.
   */
  readonly signedAt?: Date | undefined;
  /** The message carries the content itself; the content must then be given as bytes. */
  readonly attached?: boolean;
  /** Calls the signature off while it waits for a token or a person's phone. */
  readonly signal?: AbortSignal | undefined;
}

/** What is the same in every message of one signer. */
interface Template {
  readonly hash: HashName;
  readonly digestAlgorithm: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly sid: Uint8Array;
  readonly signingCertificateAttribute: Uint8Array;
  readonly certificates: Uint8Array;
}

const templates = new WeakMap<Signer, Template>();

/**
 * Signs content as a CAdES message of level B-B, or B-T with a time-stamp source (ETSI EN 319 122-1
 * §6; RFC 5652 §5): one SignerInfo; signed attributes content-type, message-digest,
 * signing-certificate-v2 and, where a time is given, signing-time, in DER order. The message is
 * detached unless the options say otherwise.
 *
 * @returns ContentInfo, DER.
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED` when only the SHA-256 is given and the
 *   key needs another hash; `SIGNER_INPUT_INVALID` when an attached message is asked for and the bytes
 *   of the content are not given; `SIGNER_SIGN_FAILED` from the key; what the time-stamp source throws.
 */
export async function signCms(
  input: DetachedContent,
  signer: Signer,
  options: SignCmsOptions = {},
): Promise<Uint8Array> {
  const name = hashOfSigner(signer);
  const digest = digestContent(input, name);
  if (digest === undefined) {
    throw new SignerError(
      'SIGNER_ALGORITHM_UNSUPPORTED',
      `a key for '${signer.algorithm}' needs the ${name} of the content, not its sha256`,
    );
  }
  if (options.attached && !('content' in input)) {
    const message = 'an attached message needs the content itself, not its digest';
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  return buildSignedData(signer, {
    contentType: OID.data,
    digest,
    content: options.attached && 'content' in input ? input.content : undefined,
    certificates: options.certificates,
    timeStamps: options.timeStamps,
    signedAt: options.signedAt,
    signal: options.signal,
  });
}

/** What differs between messages of one signer. */
interface SignedDataContent {
  /** OID. */
  readonly contentType: string;
  /** By the hash of the signer. */
  readonly digest: Uint8Array;
  /** `undefined` makes a detached message. */
  readonly content: Uint8Array | undefined;
  readonly certificates?: CmsCertificates | undefined;
  readonly timeStamps?: TimeStampSource | undefined;
  readonly signedAt?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Builds and signs SignedData over any type of content; see {@link signCms}. */
export async function buildSignedData(
  signer: Signer,
  message: SignedDataContent,
): Promise<Uint8Array> {
  const { contentType, digest, content, timeStamps, signedAt, signal } = message;
  const template = templateOf(signer);
  const attributes = encodeSetOf([
    encodeAttribute(OID.contentType, encodeOid(contentType)),
    encodeAttribute(OID.messageDigest, encodeOctetString(digest)),
    template.signingCertificateAttribute,
    ...(signedAt ? [encodeAttribute(OID.signingTime, encodeTime(signedAt))] : []),
  ]);
  const signature = await signer.sign(
    attributes,
    signer.algorithm,
    signal === undefined ? {} : { signal },
  );
  const implicitAttributes = Uint8Array.from(attributes);
  implicitAttributes[0] = contextConstructed(0);
  const unsigned =
    timeStamps && (await makeSignatureTimeStamp(signature, timeStamps, template.hash));
  const signerInfo = encodeSequence(
    encodeInteger(1),
    template.sid,
    template.digestAlgorithm,
    implicitAttributes,
    template.signatureAlgorithm,
    encodeOctetString(signature),
    unsigned === undefined ? NOTHING : encodeTlv(contextConstructed(1), unsigned),
  );
  const signedData = encodeSequence(
    // RFC 5652 §5.1: 3 for anything but data.
    encodeInteger(contentType === OID.data ? 1 : 3),
    encodeTlv(TAG.SET, template.digestAlgorithm),
    encodeSequence(
      encodeOid(contentType),
      content === undefined ? NOTHING : encodeExplicit(0, encodeOctetString(content)),
    ),
    message.certificates === 'none' ? NOTHING : template.certificates,
    encodeTlv(TAG.SET, signerInfo),
  );
  return encodeSequence(encodeOid(OID.signedData), encodeExplicit(0, signedData));
}

const NOTHING = new Uint8Array(0);

function encodeAttribute(oid: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeTlv(TAG.SET, value));
}

function templateOf(signer: Signer): Template {
  const known = templates.get(signer);
  if (known !== undefined) return known;
  const { certificate, chain } = signer;
  const name = hashOfSigner(signer);
  const certificates = [certificate, ...chain.filter((issuer) => !issuer.isSelfIssued)];
  const template: Template = {
    hash: name,
    // RFC 5754 §2: parameters of the SHA-2 family are left out.
    digestAlgorithm: encodeSequence(encodeOid(HASH_OIDS[name])),
    signatureAlgorithm: encodeSignatureAlgorithm(signer.algorithm),
    sid: encodeSequence(certificate.issuerDer, encodeTlv(TAG.INTEGER, certificate.serialBytes)),
    signingCertificateAttribute: encodeAttribute(
      OID.signingCertificateV2,
      encodeSigningCertificateV2(certificate),
    ),
    certificates: encodeSetOf(
      [...new Set(certificates)].map(({ der }) => der),
      contextConstructed(0),
    ),
  };
  templates.set(signer, template);
  return template;
}

/** SigningCertificateV2 (RFC 5035 §3) with SHA-256, the default, which DER leaves out. */
function encodeSigningCertificateV2(certificate: Certificate): Uint8Array {
  const issuerSerial = encodeSequence(
    encodeSequence(encodeExplicit(4, certificate.issuerDer)),
    encodeTlv(TAG.INTEGER, certificate.serialBytes),
  );
  const certHash = encodeOctetString(hash('sha256', certificate.der, 'buffer'));
  return encodeSequence(encodeSequence(encodeSequence(certHash, issuerSerial)));
}
