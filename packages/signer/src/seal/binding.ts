import { createHash, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';

import {
  type DerElement,
  DerFields,
  OID,
  TAG,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
  readOctets,
  readSmallInteger,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';

/** A longer context is refused. */
const MAX_CONTEXT_BYTES = 4 * 1024;

const VERSION = 1;
const COMMITMENT_INFO = 'congvan seal commitment 1';
const COMMITMENT_BYTES = 32;

/**
 * What a message is bound to, as its authenticated attribute:
 *
 *     SealBinding ::= SEQUENCE {
 *       version     INTEGER (1),
 *       context     OCTET STRING,             -- the caller's, e.g. sender and message id
 *       recipients  OCTET STRING (SIZE (32)), -- SHA-256 of their SET OF identifiers, DER
 *       commitment  OCTET STRING (SIZE (32)) }
 *
 * AES-GCM does not commit to its key: somebody who chooses two keys can make one ciphertext that two
 * recipients open to different documents. The commitment is HKDF-SHA-256 of the content key with
 * all the rest as salt; a second key for the same value is a collision of SHA-256.
 */
export interface SealBinding {
  readonly context: Uint8Array;
  readonly recipients: Uint8Array;
  readonly commitment: Uint8Array;
}

/** SHA-256 over the recipients' identifiers, in whatever order they stand. */
function digestRecipients(ids: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(encodeSetOf(ids)).digest();
}

function commit(key: Uint8Array, context: Uint8Array, recipients: Uint8Array): Buffer {
  const bound = encodeSequence(encodeOctetString(context), encodeOctetString(recipients));
  const salt = createHash('sha256').update(bound).digest();
  const input = createSecretKey(key);
  return Buffer.from(hkdfSync('sha256', input, salt, COMMITMENT_INFO, COMMITMENT_BYTES));
}

/** The attribute that binds a message to context, recipients and content key. */
export function encodeSealBinding(
  key: Uint8Array,
  context: Uint8Array,
  recipientIds: readonly Uint8Array[],
): Uint8Array {
  if (context.length > MAX_CONTEXT_BYTES) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `context of ${context.length} bytes, limit ${MAX_CONTEXT_BYTES} bytes`,
    );
  }
  const recipients = digestRecipients(recipientIds);
  const value = encodeSequence(
    encodeInteger(VERSION),
    encodeOctetString(context),
    encodeOctetString(recipients),
    encodeOctetString(commit(key, context, recipients)),
  );
  return encodeSequence(encodeOid(OID.sealBinding), encodeTlv(TAG.SET, value));
}

/** @throws {@link SignerError} `SIGNER_SEAL_MALFORMED`, `SIGNER_DER_INVALID`. */
export function readSealBinding(value: DerElement): SealBinding {
  const fields = new DerFields(value, 'SealBinding');
  const version = readSmallInteger(fields.take(TAG.INTEGER, 'version'));
  const context = readOctets(fields.take(TAG.OCTET_STRING, 'context'));
  const recipients = readOctets(fields.take(TAG.OCTET_STRING, 'recipients'));
  const commitment = readOctets(fields.take(TAG.OCTET_STRING, 'commitment'));
  fields.end();
  const isRight =
    version === VERSION &&
    context.length <= MAX_CONTEXT_BYTES &&
    commitment.length === COMMITMENT_BYTES;
  if (!isRight) throw new SignerError('SIGNER_SEAL_MALFORMED', 'the binding is malformed');
  return { context, recipients, commitment };
}

/** True when the message is for exactly these recipients and sealed with this key. */
export function isBoundTo(
  binding: SealBinding,
  key: Uint8Array,
  recipientIds: readonly Uint8Array[],
): boolean {
  const { context, recipients, commitment } = binding;
  return (
    digestRecipients(recipientIds).equals(recipients) &&
    timingSafeEqual(commit(key, context, recipients), commitment)
  );
}
