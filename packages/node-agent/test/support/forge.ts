import { createHash, randomUUID } from 'node:crypto';

import {
  type AgencyCode,
  type DeliveryPayload,
  type EdxmlDocument,
  codeToToken,
  encodeMessage,
  encodePayload,
  signRecord,
  writeEdxml,
} from '@congvan/bus';
import {
  type Certificate,
  type Signer,
  buildAsicE,
  sealBytes,
  signCms,
  signPdf,
  writeOpenPart,
} from '@congvan/signer';

import { makePdf } from './town.ts';

/** What a hostile or careless sender may get wrong; everything left out is as it should be. */
export interface Forgery {
  readonly from: AgencyCode;
  readonly to: AgencyCode;
  readonly seal: Signer;
  /** Signs the delivery record. */
  readonly node: Signer;
  /** Signs the package's manifest; the record's signer when left out. */
  readonly packageNode?: Signer;
  /** Encryption certificate that the content is sealed for. */
  readonly encryption: Certificate;
  /** What the seal is bound to; the package's own digest when left out. */
  readonly sealedAs?: string;
  readonly alterContainer?: (container: Uint8Array) => Uint8Array;
  readonly alterSealed?: (sealed: Uint8Array) => Uint8Array;
  readonly documentId?: string;
  readonly recordTo?: AgencyCode;
  readonly headerTo?: readonly string[];
  readonly headerFrom?: string;
  readonly abstract?: string;
  readonly alterPdf?: (pdf: Uint8Array) => Uint8Array;
  /** How the open part travels; as it is when left out. */
  readonly packOpen?: (open: Uint8Array) => Uint8Array;
  readonly alterDelivery?: (delivery: DeliveryPayload) => DeliveryPayload;
}

export interface Forged {
  readonly documentId: string;
  readonly message: Uint8Array;
  readonly recordBytes: number;
  readonly openBytes: number;
  readonly record: Uint8Array;
  readonly open: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Builds a delivery by hand, part by part, so that a test can spoil any of them. */
export async function forgeDelivery(forgery: Forgery): Promise<Forged> {
  const { from, to, seal, node } = forgery;
  const documentId = forgery.documentId ?? `${from},2026,${randomUUID()}`;
  const signed = await signPdf(await makePdf('Van ban'), seal, { signedAt: new Date() });
  const pdf = forgery.alterPdf?.(signed) ?? signed;
  const header = writeEdxml(headerOf(forgery, documentId));
  const built = await buildAsicE({
    files: [
      { name: 'header.edxml', mediaType: 'application/xml', bytes: header },
      { name: 'files/1.pdf', mediaType: 'application/pdf', bytes: pdf },
    ],
    signer: forgery.packageNode ?? node,
  });
  const { manifest, signature } = built;
  const open = writeOpenPart({ files: [['header.edxml', header]], manifest, signature });
  const container = forgery.alterContainer?.(built.container) ?? built.container;
  const clean = sealBytes(container, {
    recipients: [forgery.encryption],
    context: Buffer.from(`congvan-package/1 ${forgery.sealedAs ?? built.manifestSha256}`),
  });
  const packed = forgery.packOpen?.(open);
  const sealed = forgery.alterSealed?.(clean) ?? clean;
  const delivery: DeliveryPayload = {
    from,
    to: [forgery.recordTo ?? to],
    documentId,
    businessType: 0,
    documentVersion: 1,
    packageDigest: built.manifestSha256,
    open: { ...sizeAndDigest(open), ...(packed && { packedBytes: packed.length }) },
    sealed: { ...sizeAndDigest(sealed), chunkBytes: null },
    sentAt: new Date().toISOString(),
  };
  const told = forgery.alterDelivery?.(delivery) ?? delivery;
  const payload = encodePayload('delivery', told);
  const record = await signRecord('delivery', payload, async (tbs) =>
    signCms({ content: tbs }, node, { certificates: 'none' }),
  );
  return {
    documentId,
    message: encodeMessage(
      record,
      packed ?? open,
      ...(told.sealed.chunkBytes === null ? [sealed] : []),
    ),
    recordBytes: record.length,
    openBytes: open.length,
    record,
    open,
    sealed,
  };
}

export function sizeAndDigest(bytes: Uint8Array): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

function headerOf(forgery: Forgery, documentId: string): EdxmlDocument {
  const { from, to } = forgery;
  return {
    kind: 'document',
    from: { organId: forgery.headerFrom ?? from },
    to: (forgery.headerTo ?? [to]).map((organId) => ({ organId })),
    code: { number: '01', notation: 'UBND-VP' },
    promulgation: { date: '2026-11-02' },
    documentType: { name: 'Công văn' },
    abstract: forgery.abstract ?? 'Về việc thử nghiệm',
    signatory: {},
    toPlaces: [],
    otherInfo: { priority: 0, appendixes: [] },
    responseFor: [],
    documentId,
    trace: [],
    business: { type: 0, replacements: [] },
    attachments: [{ contentId: '1.pdf', contentType: 'application/pdf', name: 'Văn bản.pdf' }],
  };
}

/** `vb.msg` subject of an ordinary document, built by hand so that it may lie. */
export function documentSubject(parts: {
  readonly tier: string;
  readonly toSite: string;
  readonly to: AgencyCode;
  readonly fromSite: string;
  readonly from: AgencyCode;
}): string {
  const { tier, toSite, to, fromSite, from } = parts;
  const scope = toSite === fromSite ? 'local' : 'cross';
  return `vb.msg.${tier}.normal.doc.${scope}.${toSite}.${codeToToken(to)}.${fromSite}.${codeToToken(from)}`;
}

/** A copy with one byte turned. */
export function flipByte(bytes: Uint8Array, offset: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ 0x01;
  return copy;
}
