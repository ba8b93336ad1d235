import { createHash, randomUUID } from 'node:crypto';

import { encodeMessage, encodePayload, signRecord, parseAgencyCode } from '@congvan/bus';
import {
  buildAsicE,
  openPkcs12,
  openPkcs12Decryptor,
  sealBytes,
  signCms,
  signPdf,
  writeOpenPart,
} from '@congvan/signer';

import { castAgency } from '../agencies.ts';
import { composePdf, notationOf } from '../compose.ts';
import { ministryGuidance } from '../texts/exchange.ts';
import type { CastKeys } from '../world/keys.ts';
import { claimedSubject } from './claimed-subject.ts';

export interface ForgedDelivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly documentId: string;
}

/**
 * A delivery that is right in every byte but one thing: it names another agency as its sender than the
 * one whose keys signed it. Every signature in it is valid by itself.
 */
export async function forgeDelivery(input: {
  readonly signedBy: string;
  readonly claims: string;
  readonly to: string;
  readonly keys: CastKeys;
  readonly passphrase: string;
  readonly issuedOn: string;
  readonly now: Date;
}): Promise<ForgedDelivery> {
  const { keys, passphrase, issuedOn, now } = input;
  const claimed = castAgency(input.claims);
  const victim = castAgency(input.to);
  const own = keys.agency(input.signedBy);
  const node = openPkcs12(own.node.p12, passphrase);
  const text = ministryGuidance({ from: claimed, to: [victim] });
  const assigned = { codeNumber: '99', codeNotation: notationOf(claimed, text), issuedOn };
  const pdf = await composePdf({ from: claimed, to: [victim], text, assigned });
  const signed = await signPdf(pdf, openPkcs12(own.seal.p12, passphrase), { signedAt: now });
  const { container, manifest, manifestSha256, signature } = await buildAsicE({
    files: [{ name: 'files/1.pdf', mediaType: 'application/pdf', bytes: signed }],
    signer: node,
  });
  const open = writeOpenPart({ files: [], manifest, signature });
  const recipient = openPkcs12Decryptor(keys.agency(input.to).encryption.p12, passphrase);
  const sealed = sealBytes(container, {
    recipients: [recipient.certificate],
    context: Buffer.from(`congvan-package/1 ${manifestSha256}`),
  });
  const documentId = randomUUID();
  const payload = encodePayload('delivery', {
    from: parseAgencyCode(claimed.code),
    to: [parseAgencyCode(victim.code)],
    documentId,
    businessType: 0,
    documentVersion: 1,
    packageDigest: manifestSha256,
    open: sizeAndDigest(open),
    sealed: { ...sizeAndDigest(sealed), chunkBytes: null },
    sentAt: now.toISOString(),
  });
  const record = await signRecord('delivery', payload, async (tbs) => {
    // With its certificate, so that nobody has to look for it: the signature itself can be checked.
    return await signCms({ content: tbs }, node, { certificates: 'chain' });
  });
  const subject = claimedSubject(claimed, victim);
  return { subject, data: encodeMessage(record, Buffer.concat([open, sealed])), documentId };
}

function sizeAndDigest(bytes: Uint8Array): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}
