import { createHash, randomBytes } from 'node:crypto';

import {
  type DeliveryPayload,
  MAX_INLINE_PACKAGE_BYTES,
  MAX_OPEN_PART_RATIO,
  MAX_SEALED_BYTES,
  type Scope,
  encodeMessage,
  encodePayload,
  laneOfPriority,
  packOpenPart,
  scopeOf,
  signRecord,
} from '@congvan/bus';
import { type LongWork, signCms } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import { AgentError } from '../errors.ts';
import type { BuiltPackage } from '../package/build.ts';
import { sealPackage } from '../package/seal.ts';
import type { WrittenPackage } from '../package/source.ts';
import type { NewPackageRow, RegisterRow } from '../storage/register-store.ts';
import type { NewUploadRow } from '../storage/upload-store.ts';
import type { CheckedSend } from './request.ts';

/** A new document; recalls, updates and replacements will have their own. */
export const NEW_DOCUMENT = 0;
export const FIRST_VERSION = 1;

/** A shorter open part travels as it is: deflating it would cost more than the line gains. */
const LARGE_OPEN_PART_BYTES = 12 * 1024;

/** A package ready to leave: sealed for all recipients, its delivery record signed. */
export interface SealedDelivery {
  readonly payload: Uint8Array;
  readonly frame: Uint8Array;
  readonly row: Omit<NewPackageRow, 'register_id' | 'paper_to'>;
  /** What must be up before any message leaves. */
  readonly uploads: readonly Omit<NewUploadRow, 'package_id'>[];
}

/**
 * Seals a built package once for all recipients and signs the one delivery record that all of them
 * get.
 *
 * What fits travels inside the message; a message that would be sent over the line more often than
 * that is worth goes up once as a blob, and each recipient gets a reference.
 *
 * @throws {@link AgentError} `AGENT_PACKAGE_TOO_LARGE`; SignerError and system errors as they come.
 */
export async function sealDelivery(
  core: AgentCore,
  input: LongWork & {
    readonly built: BuiltPackage;
    readonly checked: CheckedSend;
    readonly row: RegisterRow;
    readonly traceId: string | undefined;
  },
): Promise<SealedDelivery> {
  const { built, checked, row, signal, onProgress } = input;
  const sealed = await sealPackage(built.container.source, {
    recipients: checked.recipients.map(({ encryption }) => encryption),
    packageDigest: built.digest,
    folder: core.files.folders.sealed,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  requireSealedSize(sealed.bytes);
  const { chunkBytes } = core.config.line;
  const isInline = built.openPart.length + sealed.bytes <= MAX_INLINE_PACKAGE_BYTES;
  const packedOpen = packIfLarge(built.openPart);
  const traceId = input.traceId ?? randomBytes(16).toString('hex');
  const payload = encodePayload('delivery', {
    from: core.config.code,
    to: checked.recipients.map(({ entry }) => entry.code),
    documentId: row.document_id,
    businessType: NEW_DOCUMENT,
    documentVersion: FIRST_VERSION,
    packageDigest: built.digest,
    open: {
      sha256: sha256Of(built.openPart),
      bytes: built.openPart.length,
      ...(packedOpen && { packedBytes: packedOpen.length }),
    },
    sealed: sealedPart(sealed, isInline ? null : chunkBytes),
    traceId,
    sentAt: core.now().toISOString(),
  });
  const node = await core.keys.open('node');
  const frame = await signRecord('delivery', payload, (tbs) =>
    signCms({ content: tbs }, node, { certificates: 'none' }),
  );
  core.step('package.sealed');
  return {
    payload,
    frame,
    row: {
      digest: built.digest,
      ...containerColumns(built.container),
      open_part: built.openPart,
      packed_open: packedOpen ?? null,
      sealed: sealed.source instanceof Uint8Array ? sealed.source : null,
      sealed_sha256: sealed.sha256,
      sealed_bytes: sealed.bytes,
      chunk_bytes: isInline ? null : chunkBytes,
      priority: checked.priority,
      lane: laneOfPriority(checked.priority),
      trace_id: traceId,
    },
    uploads: planUploads(core, {
      frame,
      open: packedOpen ?? built.openPart,
      sealed,
      isInline,
      checked,
    }),
  };
}

function planUploads(
  core: AgentCore,
  plan: {
    readonly frame: Uint8Array;
    readonly open: Uint8Array;
    readonly sealed: WrittenPackage;
    readonly isInline: boolean;
    readonly checked: CheckedSend;
  },
): Omit<NewUploadRow, 'package_id'>[] {
  const { frame, open, sealed, isInline, checked } = plan;
  const scope = widestScope(core, checked);
  const chunk_bytes = core.config.line.chunkBytes;
  const messageBytes = frame.length + open.length + (isInline ? sealed.bytes : 0);
  const uploads: Omit<NewUploadRow, 'package_id'>[] = [];
  if (!isInline) {
    const { sha256, bytes } = sealed;
    uploads.push({ part: 'sealed', sha256, bytes, chunk_bytes, scope });
  }
  if (messageBytes * checked.recipients.length > MAX_INLINE_PACKAGE_BYTES) {
    const sha256 = sha256Of(encodeMessage(frame, ...bodyOf(open, sealed, isInline)));
    uploads.push({ part: 'message', sha256, bytes: messageBytes, chunk_bytes, scope });
  }
  return uploads;
}

function bodyOf(open: Uint8Array, sealed: WrittenPackage, isInline: boolean): Uint8Array[] {
  if (!isInline) return [open];
  if (!(sealed.source instanceof Uint8Array)) throw new TypeError('a small package lies in a file');
  return [open, sealed.source];
}

/** With many recipients the header is long, and shrinks to a tenth. */
function packIfLarge(openPart: Uint8Array): Uint8Array | undefined {
  if (openPart.length <= LARGE_OPEN_PART_BYTES) return undefined;
  const packed = packOpenPart(openPart);
  const isFit = openPart.length <= packed.length * MAX_OPEN_PART_RATIO;
  return isFit && packed.length < openPart.length ? packed : undefined;
}

/** The SHA-256 is asked for only where it names a file. */
function containerColumns(
  written: WrittenPackage,
): Pick<NewPackageRow, 'container' | 'container_file'> {
  const { source } = written;
  if (source instanceof Uint8Array) return { container: source, container_file: null };
  return { container: new Uint8Array(), container_file: written.sha256 };
}

/** One blob serves all recipients: across sites as soon as one of them is elsewhere. */
function widestScope(core: AgentCore, { recipients }: CheckedSend): Scope {
  const own = core.config.site;
  const isCross = recipients.some(({ entry }) => scopeOf(entry.site, own) === 'cross');
  return isCross ? 'cross' : 'local';
}

function sealedPart(
  { sha256, bytes }: WrittenPackage,
  chunkBytes: number | null,
): DeliveryPayload['sealed'] {
  return { sha256, bytes, chunkBytes };
}

function requireSealedSize(bytes: number): void {
  if (bytes <= MAX_SEALED_BYTES) return;
  throw new AgentError(
    'AGENT_PACKAGE_TOO_LARGE',
    `the sealed package has ${bytes} bytes, at most ${MAX_SEALED_BYTES} can travel`,
    { details: { bytes, limit: MAX_SEALED_BYTES } },
  );
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
