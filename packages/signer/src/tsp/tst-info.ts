import {
  type DerElement,
  DerFields,
  TAG,
  contextConstructed,
  contextPrimitive,
  encodeAsciiString,
  encodeImplicit,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
  integerBytes,
  readBoolean,
  readDer,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import {
  HASH_BYTES,
  HASH_OIDS,
  type HashName,
  readAlgorithm,
  readHashAlgorithm,
} from '../x509/algorithm.ts';
import { serialHex } from '../x509/certificate.ts';
import { readExtensions } from '../x509/extensions.ts';

/** Serial numbers may have up to 160 bits (RFC 3161 §2.4.2), a nonce as well here. */
const MAX_NUMBER_BYTES = 21;

/** What a digest was made with, and the digest. */
export interface MessageImprint {
  readonly hash: HashName;
  readonly imprint: Uint8Array;
}

/** What a time-stamping authority vouches for (RFC 3161 §2.4.2). */
export interface TstInfo extends MessageImprint {
  /** OID of the policy the token was made under. */
  readonly policy: string;
  /** Lower-case hex, as of certificates. */
  readonly serialNumber: string;
  readonly genTime: Date;
  /** The true time lies at most so far from `genTime`; `undefined` when the token does not say. */
  readonly accuracyMs: number | undefined;
  /** Tokens of this authority can be put in order by `genTime` alone, whatever the accuracy. */
  readonly ordering: boolean;
  /** Content octets of the INTEGER as they stand. */
  readonly nonce: Uint8Array | undefined;
}

function refuse(message: string): never {
  throw new SignerError('SIGNER_DER_INVALID', message);
}

/**
 * Reads TSTInfo, strict DER.
 *
 * @throws {@link SignerError} `SIGNER_DER_INVALID` when it is malformed, of another version or has a
 *   critical extension; `SIGNER_ALGORITHM_UNSUPPORTED` when the imprint's hash is not accepted.
 */
export function readTstInfo(der: Uint8Array): TstInfo {
  const fields = new DerFields(readDer(der), 'TSTInfo');
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  if (version !== 1) refuse(`TSTInfo version ${version}`);
  const policy = readOid(fields.take(TAG.OID, 'policy'));
  const imprintElement = fields.take(TAG.SEQUENCE, 'messageImprint');
  const serialBytes = readNumber(fields.take(TAG.INTEGER, 'serialNumber'), 'serialNumber');
  const genTime = readTime(fields.take(TAG.GENERALIZED_TIME, 'genTime'));
  const accuracy = fields.optional(TAG.SEQUENCE);
  const ordering = fields.optional(TAG.BOOLEAN);
  const nonce = fields.optional(TAG.INTEGER);
  fields.optional(contextConstructed(0)); // tsa: only a hint, the certificate says who it was
  const extensions = fields.optional(contextConstructed(1));
  fields.end();
  if (extensions !== undefined) refuseCritical(extensions);
  return {
    policy,
    ...readMessageImprint(imprintElement),
    serialNumber: serialHex(serialBytes),
    genTime,
    accuracyMs: accuracy && readAccuracy(accuracy),
    ordering: ordering !== undefined && readBoolean(ordering),
    nonce: nonce && readNumber(nonce, 'nonce'),
  };
}

/** INTEGER of bounded length, as content octets. */
export function readNumber(element: DerElement, field: string): Uint8Array {
  const bytes = integerBytes(element);
  if (bytes.length > MAX_NUMBER_BYTES) refuse(`${field} of ${bytes.length} bytes`);
  return bytes;
}

/**
 * MessageImprint (RFC 3161 §2.4.1); the digest must be as long as its hash makes it.
 *
 * @throws {@link SignerError} `SIGNER_ALGORITHM_UNSUPPORTED` for other hashes than the SHA-2 family.
 */
export function readMessageImprint(element: DerElement): MessageImprint {
  const fields = new DerFields(element, 'MessageImprint');
  const algorithm = readAlgorithm(fields.any('hashAlgorithm'));
  const imprint = readOctets(fields.take(TAG.OCTET_STRING, 'hashedMessage'));
  fields.end();
  const hash = readHashAlgorithm(algorithm);
  if (hash === undefined) {
    const message = `hash algorithm ${algorithm.oid} of a time-stamp is not accepted`;
    throw new SignerError('SIGNER_ALGORITHM_UNSUPPORTED', message);
  }
  if (imprint.length !== HASH_BYTES[hash]) refuse(`${hash} of ${imprint.length} bytes`);
  return { hash, imprint };
}

export function encodeMessageImprint({ hash, imprint }: MessageImprint): Uint8Array {
  // With NULL, as all time-stamping authorities write and read it.
  const algorithm = encodeSequence(encodeOid(HASH_OIDS[hash]), encodeTlv(TAG.NULL));
  return encodeSequence(algorithm, encodeOctetString(imprint));
}

/** Accuracy in milliseconds, rounded up. */
function readAccuracy(element: DerElement): number {
  const fields = new DerFields(element, 'Accuracy');
  const seconds = fields.optional(TAG.INTEGER);
  const millis = readFraction(fields.optional(contextPrimitive(0)), 0);
  const micros = readFraction(fields.optional(contextPrimitive(1)), 1);
  fields.end();
  const whole = seconds === undefined ? 0 : readSmallInteger(seconds);
  return whole * 1000 + millis + Math.ceil(micros / 1000);
}

/** INTEGER (1..999). */
function readFraction(element: DerElement | undefined, number: number): number {
  if (element === undefined) return 0;
  const value = readSmallInteger(element, contextPrimitive(number));
  if (value < 1 || value > 999) refuse(`Accuracy with a fraction of ${value}`);
  return value;
}

function refuseCritical(element: DerElement): void {
  // Implicitly tagged: the members are those of a SEQUENCE OF Extension.
  for (const { oid, critical } of readExtensions(element).values()) {
    if (critical) refuse(`TSTInfo has an unknown critical extension ${oid}`);
  }
}

/** What a new TSTInfo says; `serial` is big-endian. */
export interface TstInfoContent extends MessageImprint {
  readonly policy: string;
  readonly serial: Uint8Array;
  readonly genTime: Date;
  readonly accuracyMs?: number | undefined;
  /** Content octets of the INTEGER as the request had them. */
  readonly nonce?: Uint8Array | undefined;
}

/** Encodes TSTInfo; `ordering` is left at its default, false. */
export function encodeTstInfo(content: TstInfoContent): Uint8Array {
  const { policy, serial, genTime, accuracyMs, nonce } = content;
  return encodeSequence(
    encodeInteger(1),
    encodeOid(policy),
    encodeMessageImprint(content),
    encodeInteger(serial),
    encodeGenTime(genTime),
    accuracyMs === undefined ? new Uint8Array(0) : encodeAccuracy(accuracyMs),
    nonce === undefined ? new Uint8Array(0) : encodeTlv(TAG.INTEGER, nonce),
  );
}

/** GeneralizedTime with as many digits of the second as are not zero at the end (X.690 §11.7). */
function encodeGenTime(time: Date): Uint8Array {
  const [date = '', fraction = ''] = time.toISOString().split(/[.Z]/);
  const digits = fraction.replace(/0+$/, '');
  const text = `${date.replaceAll(/[-:T]/g, '')}${digits === '' ? '' : `.${digits}`}Z`;
  return encodeAsciiString(text, TAG.GENERALIZED_TIME);
}

function encodeAccuracy(milliseconds: number): Uint8Array {
  const seconds = Math.floor(milliseconds / 1000);
  const millis = milliseconds % 1000;
  return encodeSequence(
    seconds === 0 ? new Uint8Array(0) : encodeInteger(seconds),
    millis === 0 ? new Uint8Array(0) : encodeImplicit(0, encodeInteger(millis).subarray(2)),
  );
}
