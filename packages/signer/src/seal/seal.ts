import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { ByteReader } from './byte-reader.ts';
import type { Decryptor } from './decryptor.ts';
import {
  MAX_MESSAGE_CONTENT_BYTES,
  MAX_MESSAGE_OVERHEAD_BYTES,
  type SealedMessage,
  TAG_BYTES,
  decryptMessage,
  encodeMessage,
  readMessage,
} from './message.ts';
import { type RecipientName, describeRecipient } from './recipient-read.ts';
import {
  MAX_HEADER_BYTES,
  SEGMENTED_MAGIC,
  SEGMENT_BYTES,
  createHeader,
  decryptSegment,
  encryptSegment,
  readFileKey,
} from './segments.ts';

/** Bytes of a file or another source, in pieces of any size. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** For whom content is sealed, and what it is bound to. */
export interface SealOptions {
  /**
   * Certificates for encryption: RSA (keyEncipherment), P-256 or P-384 (keyAgreement). Whether they
   * are valid is not checked here: see `validatePath`.
   */
  readonly recipients: readonly Certificate[];
  /** What the recipient must expect, such as sender and message id; readable by everybody. */
  readonly context?: Uint8Array;
}

/** What a stream takes beside that. */
export interface StreamOptions {
  /** Called with the plaintext bytes that are done so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Ends the work with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export interface SealStreamOptions extends SealOptions, StreamOptions {
  /** Content up to this size becomes one CMS message that OpenSSL opens; more comes in segments. */
  readonly maxMessageBytes?: number;
  readonly segmentBytes?: number;
}

export interface UnsealOptions {
  readonly decryptor: Decryptor;
  /**
   * The context that the message must be bound to. Without it, messages of other software, which
   * have no binding, are opened too, unless they have several recipients.
   */
  readonly context?: Uint8Array;
}

export interface UnsealStreamOptions extends UnsealOptions, StreamOptions {
  /** Called once, as soon as the header, or the one message, was opened. */
  readonly onHeader?: (info: SealedInfo) => void;
}

/** What a sealed file shows to everybody. Nothing of it is authenticated before it is opened. */
export interface SealedInfo {
  /** One CMS message, or segments after a header. */
  readonly form: 'message' | 'segments';
  readonly recipients: readonly RecipientName[];
  /** `null` when the file is not bound to anything: made by other software. */
  readonly context: Uint8Array | null;
}

/** Content that was opened, and what the seal says about it. */
export interface OpenedSeal extends SealedInfo {
  readonly content: Uint8Array;
}

const NO_CONTEXT = new Uint8Array(0);

/**
 * Seals bytes for recipients: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM, in DER. Sealing
 * proves nothing about the sender: sign first, then seal.
 *
 * @throws {@link SignerError} `SIGNER_INPUT_INVALID` for more than {@link MAX_MESSAGE_CONTENT_BYTES}
 *   bytes or unfit recipients, `SIGNER_ALGORITHM_UNSUPPORTED`.
 */
export function sealBytes(content: Uint8Array, options: SealOptions): Uint8Array {
  if (content.length > MAX_MESSAGE_CONTENT_BYTES) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `${content.length} bytes are too many for one message: seal them as a stream`,
      { details: { bytes: content.length, maxBytes: MAX_MESSAGE_CONTENT_BYTES } },
    );
  }
  return encodeMessage(content, OID.data, options.recipients, options.context ?? NO_CONTEXT).der;
}

/**
 * Opens what {@link sealBytes} or other CMS software sealed.
 *
 * @throws {@link SignerError} `SIGNER_SEAL_MALFORMED`, `SIGNER_SEAL_NOT_RECIPIENT`,
 *   `SIGNER_SEAL_TAMPERED`, `SIGNER_ALGORITHM_UNSUPPORTED`, and what the key store throws.
 */
export async function openSealed(sealed: Uint8Array, options: UnsealOptions): Promise<OpenedSeal> {
  const { message, content } = await openMessage(sealed, options);
  return { content, ...describe(message, 'message') };
}

/** As {@link openSealed}, the content alone: with many recipients, naming them costs more. */
export async function unsealBytes(sealed: Uint8Array, options: UnsealOptions): Promise<Uint8Array> {
  return (await openMessage(sealed, options)).content;
}

async function openMessage(
  sealed: Uint8Array,
  options: UnsealOptions,
): Promise<{ readonly message: SealedMessage; readonly content: Uint8Array }> {
  const message = readMessage(sealed);
  if (message.contentType !== OID.data) {
    throw new SignerError('SIGNER_SEAL_MALFORMED', `content of type ${message.contentType}`);
  }
  checkContext(message, options.context);
  const isBindingNeeded = options.context !== undefined;
  const content = await decryptMessage(message, options.decryptor, isBindingNeeded);
  return { message, content };
}

function checkContext({ binding }: SealedMessage, expected: Uint8Array | undefined): void {
  if (expected === undefined || binding === undefined) return;
  if (Buffer.compare(binding.context, expected) !== 0) {
    throw new SignerError(
      'SIGNER_SEAL_TAMPERED',
      'sealed for another context than the one expected',
    );
  }
}

function describe(message: SealedMessage, form: SealedInfo['form']): SealedInfo {
  const recipients = message.recipients.map(describeRecipient);
  return { form, recipients, context: message.binding?.context ?? null };
}

/** Seals a stream; what comes out is one message for short content, else header and segments. */
export async function* sealStream(
  source: ByteSource,
  options: SealStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* sealFrom(new ByteReader(source), options);
}

/** As {@link sealStream}, out of a reader that may use its buffers again. */
export async function* sealFrom(
  reader: ByteReader,
  options: SealStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { recipients, context = NO_CONTEXT, signal, onProgress } = options;
  const { segmentBytes = SEGMENT_BYTES, maxMessageBytes = MAX_MESSAGE_CONTENT_BYTES } = options;
  try {
    signal?.throwIfAborted();
    const limit = Math.min(maxMessageBytes, MAX_MESSAGE_CONTENT_BYTES);
    if (!(await reader.holdsMoreThan(limit))) {
      const content = await reader.read(limit);
      yield sealBytes(content, { recipients, context });
      onProgress?.(content.length);
      return;
    }
    const { header, segmentKey } = createHeader(recipients, context, segmentBytes);
    yield header;
    let done = 0;
    for (let index = 0, isLast = false; !isLast; index += 1) {
      signal?.throwIfAborted();
      const plaintext = await reader.read(segmentBytes);
      isLast = !(await reader.holdsMoreThan(0));
      yield* encryptSegment(segmentKey, index, isLast, plaintext);
      done += plaintext.length;
      onProgress?.(done);
    }
  } finally {
    await reader.close();
  }
}

/**
 * Opens a sealed stream of either form. Every piece was checked before it comes out, but only the
 * end of the stream says that all of it came: until then the receiver must not act on it.
 *
 * @throws {@link SignerError} as {@link openSealed}.
 */
export async function* unsealStream(
  source: ByteSource,
  options: UnsealStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* unsealFrom(new ByteReader(source), options);
}

/** As {@link unsealStream}, out of a reader that may use its buffers again. */
export async function* unsealFrom(
  reader: ByteReader,
  options: UnsealStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, onProgress, onHeader } = options;
  try {
    signal?.throwIfAborted();
    const start = Buffer.from(await reader.read(SEGMENTED_MAGIC.length));
    if (!SEGMENTED_MAGIC.equals(start)) {
      const maxBytes = MAX_MESSAGE_CONTENT_BYTES + MAX_MESSAGE_OVERHEAD_BYTES;
      const rest = await reader.read(maxBytes + 1);
      const { content, ...info } = await openSealed(Buffer.concat([start, rest]), options);
      onHeader?.(info);
      yield content;
      onProgress?.(content.length);
      return;
    }
    const message = await readHeader(reader);
    checkContext(message, options.context);
    const segmentKey = readFileKey(
      await decryptMessage(message, options.decryptor, true),
      message.attributesDer ?? NO_CONTEXT,
    );
    onHeader?.(describe(message, 'segments'));
    let done = 0;
    for (let index = 0, isLast = false; !isLast; index += 1) {
      signal?.throwIfAborted();
      const segment = await reader.read(segmentKey.segmentBytes + TAG_BYTES);
      isLast = !(await reader.holdsMoreThan(0));
      const plaintext = decryptSegment(segmentKey, index, isLast, segment);
      yield plaintext;
      done += plaintext.length;
      onProgress?.(done);
    }
  } finally {
    await reader.close();
  }
}

/** The header after the magic: its length in 4 bytes, and AuthEnvelopedData with the file key. */
async function readHeader(reader: ByteReader): Promise<SealedMessage> {
  const length = Buffer.from(await reader.read(4));
  const bytes = length.length === 4 ? length.readUInt32BE() : 0;
  if (bytes === 0 || bytes > MAX_HEADER_BYTES) {
    throw new SignerError('SIGNER_SEAL_MALFORMED', `header of ${bytes} bytes`);
  }
  const message = readMessage(await reader.read(bytes));
  if (message.contentType !== OID.sealedFileKey) {
    throw new SignerError('SIGNER_SEAL_MALFORMED', 'the header holds no file key');
  }
  return message;
}

/**
 * Shows for whom a file is sealed, from its first bytes, without opening it. A message must be there
 * as a whole; of segments the header is enough.
 *
 * @throws {@link SignerError} `SIGNER_SEAL_MALFORMED`.
 */
export function readSealedInfo(bytes: Uint8Array): SealedInfo {
  const magicBytes = SEGMENTED_MAGIC.length;
  if (!SEGMENTED_MAGIC.equals(bytes.subarray(0, magicBytes))) {
    return describe(readMessage(bytes), 'message');
  }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.length >= magicBytes + 4 ? view.readUInt32BE(magicBytes) : 0;
  const header = bytes.subarray(magicBytes + 4, magicBytes + 4 + length);
  return describe(readMessage(header), 'segments');
}
