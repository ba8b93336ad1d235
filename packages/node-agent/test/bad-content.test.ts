import { readFile, readdir } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';

import {
  type AgencyConnection,
  type DeliveryPayload,
  connectAgency,
  decodeRecord,
  encodeMessage,
  encodePayload,
  encodeReference,
  parsePayloadAs,
  signRecord,
} from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { signCms } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Agent, layoutOf } from '../src/index.ts';
import {
  type Forgery,
  documentSubject,
  flipByte,
  forgeDelivery,
  sizeAndDigest,
} from './support/forge.ts';
import { type Office, type Town, foundTown } from './support/town.ts';

const WAIT_MS = 20_000;
const CHUNK_BYTES = 16 * 1024;
/** Opened into a file, not in memory. */
const LARGE_BYTES = 1_500_000;
/** As quick as a test needs it: nothing is waited for that will not come. */
const IMPATIENT = { patienceMs: 100, firstRetryMs: 50, maxRetryMs: 100, maxEmptyTries: 3 };

describe('content that is not what its record says', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  let recipient: Agent;
  /** The commune's own rights at the broker, without its agent. */
  let line: AgencyConnection;
  let copies = 0;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.20', tier: 'district', site: 'H09' });
    recipient = await district.open({ transferLimits: IMPATIENT });
    await waitUntil(() => recipient.status().directoryEntries >= 3, WAIT_MS);
    line = await connectAgency({
      servers: [town.bus.url],
      credentials: await readFile(join(commune.home, 'credentials', 'agent.creds')),
      code: commune.code,
      site: 'H09',
      name: 'by hand',
    });
  });

  afterAll(async () => {
    await line.close();
    await recipient.close();
    await town[Symbol.asyncDispose]();
  });

  /** A delivery whose sealed content is a blob; nothing of it is uploaded yet. */
  async function apart(
    change: (delivery: DeliveryPayload) => DeliveryPayload = (same) => same,
    spoiled: Partial<Forgery> = {},
  ) {
    const forged = await forgeDelivery({
      alterDelivery: (delivery) => ({
        ...delivery,
        sealed: { ...delivery.sealed, chunkBytes: CHUNK_BYTES },
      }),
      ...spoiled,
      from: commune.code,
      to: district.code,
      seal: commune.seal,
      node: commune.node,
      encryption: district.encryption.certificate,
    });
    const inside = parsePayloadAs(decodeRecord(forged.record), 'delivery');
    const sealed = { ...inside.sealed, chunkBytes: CHUNK_BYTES };
    const payload = encodePayload('delivery', change({ ...inside, sealed }));
    const record = await signRecord('delivery', payload, async (tbs) =>
      signCms({ content: tbs }, commune.node, { certificates: 'none' }),
    );
    return { ...forged, message: encodeMessage(record, forged.open) };
  }

  async function upload(bytes: Uint8Array, sha256 = sizeAndDigest(bytes).sha256): Promise<void> {
    for (let index = 0; index * CHUNK_BYTES < bytes.length; index += 1) {
      const data = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      await line.putChunk({ scope: 'local', sha256, index, data });
    }
  }

  async function deliver(message: Uint8Array): Promise<void> {
    copies += 1;
    const natsSubject = documentSubject({
      tier: 'district',
      toSite: 'H09',
      to: district.code,
      fromSite: 'H09',
      from: commune.code,
    });
    await line.publish(natsSubject, message, { messageId: `copy ${copies}` });
  }

  const finding = (documentId: string) =>
    recipient.listQuarantine().find((row) => row.claimedDocumentId === documentId);
  const hasArrived = (documentId: string): boolean =>
    recipient.listInbox().some((row) => row.documentId === documentId);

  it('is accepted when it is what the record says, so that the cases below differ in one thing', async () => {
    const { message, sealed, documentId } = await apart();
    await upload(sealed);
    await deliver(message);
    await waitUntil(() => hasArrived(documentId), WAIT_MS);
    await deliver(message);
    const row = () => recipient.listInbox().find((one) => one.documentId === documentId);
    await waitUntil(() => row()?.duplicateCount === 1, WAIT_MS);
  });

  it('is quarantined and refused when other bytes lie under its name', async () => {
    const { message, sealed, documentId } = await apart();
    await upload(flipByte(sealed, 100), sizeAndDigest(sealed).sha256);
    await deliver(message);
    await waitUntil(() => finding(documentId) !== undefined, WAIT_MS);
    expect(finding(documentId)).toMatchObject({ finding: 'CONTENT_CORRUPT', refusalSent: true });
    expect(recipient.transfers()).toEqual([]);
  });

  it('is quarantined and refused when it never comes', async () => {
    const { message, documentId } = await apart();
    await deliver(message);
    await waitUntil(() => finding(documentId) !== undefined, WAIT_MS);
    expect(finding(documentId)).toMatchObject({ finding: 'CONTENT_MISSING', refusalSent: true });
  });

  it('is fetched when it comes late, and shown as waiting for its sender until then', async () => {
    const { message, sealed, documentId } = await apart();
    await upload(sealed.subarray(0, CHUNK_BYTES), sizeAndDigest(sealed).sha256);
    await deliver(message);
    const transfer = () => recipient.transfers().find((one) => one.documentId === documentId);
    await waitUntil(() => transfer()?.direction === 'down', WAIT_MS);
    await upload(sealed);
    await waitUntil(() => hasArrived(documentId), WAIT_MS);
    expect(transfer()).toBeUndefined();
  });

  it('is known by its reference when that is repeated', async () => {
    const { message, sealed, documentId } = await apart();
    await upload(sealed);
    await upload(message);
    const reference = encodeReference({ ...sizeAndDigest(message), chunkBytes: CHUNK_BYTES });
    await deliver(reference);
    await waitUntil(() => hasArrived(documentId), WAIT_MS);
    await deliver(reference);
    const row = () => recipient.listInbox().find((one) => one.documentId === documentId);
    await waitUntil(() => row()?.duplicateCount === 1, WAIT_MS);
  });

  it.each([
    ['is no package', { alterContainer: () => randomBytes(LARGE_BYTES) }, 'PACKAGE_MALFORMED'],
    [
      'holds a document that was altered',
      {
        alterPdf: (pdf: Uint8Array) =>
          flipByte(Buffer.concat([pdf, randomBytes(LARGE_BYTES)]), 900),
      },
      'DOCUMENT_TAMPERED',
    ],
  ])('leaves no file behind when it %s', async (_, spoiled, expected) => {
    const folder = layoutOf(district.home).packages;
    const { message, sealed, documentId } = await apart(undefined, spoiled);
    await upload(sealed);
    await deliver(message);
    await waitUntil(() => finding(documentId) !== undefined, WAIT_MS);
    expect(finding(documentId)).toMatchObject({ finding: expected });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is put aside when a reference stands for noise, another reference, or too much', async () => {
    const before = recipient.listQuarantine().length;
    const noise = randomBytes(100);
    await upload(noise);
    await deliver(encodeReference({ ...sizeAndDigest(noise), chunkBytes: CHUNK_BYTES }));
    const nested = encodeReference({ ...sizeAndDigest(noise), chunkBytes: CHUNK_BYTES });
    await upload(nested);
    await deliver(encodeReference({ ...sizeAndDigest(nested), chunkBytes: CHUNK_BYTES }));
    const sha256 = createHash('sha256').update('large').digest('hex');
    await deliver(encodeReference({ sha256, bytes: 606_273, chunkBytes: CHUNK_BYTES }));
    await waitUntil(() => recipient.listQuarantine().length === before + 3, WAIT_MS);
    const findings = recipient.listQuarantine(3).map((row) => row.finding);
    expect(findings).toEqual(['RECORD_MALFORMED', 'RECORD_MALFORMED', 'RECORD_MALFORMED']);
    expect(recipient.transfers()).toEqual([]);
  });

  it('is not fetched when the record says it came inside the message', async () => {
    const { message, documentId } = await apart((delivery) => ({
      ...delivery,
      sealed: { ...delivery.sealed, chunkBytes: null },
    }));
    await deliver(message);
    await waitUntil(() => finding(documentId) !== undefined, WAIT_MS);
    expect(finding(documentId)).toMatchObject({ finding: 'PACKAGE_DIGEST_MISMATCH' });
  });
});
