import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  type ReceiptPayload,
  type RelayConnection,
  encodePayload,
  packOpenPart,
  parseAgencyCode,
  signRecord,
} from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { signCms } from '@congvan/signer';
import type { TestSigner } from '@congvan/signer/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent, SentDocument } from '../src/index.ts';
import { takeOverBroker } from './support/broker.ts';
import { type Forgery, documentSubject, flipByte, forgeDelivery } from './support/forge.ts';
import { type Office, type Town, foundTown, makePdf, renewCrl } from './support/town.ts';

const WAIT_MS = 15_000;
const STRANGER = parseAgencyCode('H63.01');

describe('what does not hold is refused, kept and shown', () => {
  let town: Town;
  let commune: Office;
  let ministry: Office;
  let recipient: Agent;
  let sender: Agent;
  /** A broker that has been taken over: it may publish under any subject. */
  let broker: RelayConnection;
  let copies = 0;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    broker = await takeOverBroker(town);
    [recipient, sender] = await Promise.all([ministry.open(), commune.open()]);
    await waitUntil(() => recipient.status().directoryEntries >= 3, WAIT_MS);
  });

  afterAll(async () => {
    await broker.close();
    await recipient.close();
    await sender.close();
    await town[Symbol.asyncDispose]();
  });

  const honest = (): Forgery => ({
    from: commune.code,
    to: ministry.code,
    seal: commune.seal,
    node: commune.node,
    encryption: ministry.encryption.certificate,
  });

  /** Puts a message into the ministry's inbox and returns the row that it became. */
  async function inject(
    message: Uint8Array,
    from = commune.code,
  ): Promise<ReturnType<Agent['listQuarantine']>[number] | undefined> {
    const before = new Set(recipient.listQuarantine().map((row) => row.id));
    const arrivedBefore = recipient.listInbox().length;
    const suppressedBefore = suppressed();
    copies += 1;
    const natsSubject = documentSubject({
      tier: 'central',
      toSite: 'TW',
      to: ministry.code,
      fromSite: 'H09',
      from,
    });
    await broker.publishMessage(natsSubject, message, { messageId: `copy ${copies}` });
    const fresh = () => recipient.listQuarantine().find((row) => !before.has(row.id));
    await waitUntil(
      () =>
        fresh() !== undefined ||
        recipient.listInbox().length > arrivedBefore ||
        suppressed() > suppressedBefore,
      WAIT_MS,
    );
    return fresh();
  }

  function suppressed(): number {
    return recipient.listInbox().reduce((sum, row) => sum + row.duplicateCount, 0);
  }

  it('accepts what is in order, so that the cases below differ in one thing each', async () => {
    const { message, documentId } = await forgeDelivery(honest());
    expect(await inject(message)).toBeUndefined();
    expect(recipient.listInbox()).toMatchObject([{ documentId, warnings: [] }]);
  });

  it('quarantines a stranger without answering', async () => {
    const stranger = await town.pki.issue({ commonName: 'Người lạ', use: 'node' });
    const { message } = await forgeDelivery({ ...honest(), from: STRANGER, node: stranger });
    expect(await inject(message, STRANGER)).toMatchObject({
      finding: 'SENDER_UNKNOWN',
      claimedFrom: STRANGER,
      refusalSent: false,
    });
  });

  it('quarantines a record under another agency’s subject', async () => {
    const { message } = await forgeDelivery({ ...honest(), from: ministry.code });
    expect(await inject(message)).toMatchObject({ finding: 'SUBJECT_MISMATCH' });
  });

  it('quarantines a record and a package of another agency’s key', async () => {
    const other = ministry.node;
    const record = await forgeDelivery({ ...honest(), node: other });
    expect(await inject(record.message)).toMatchObject({ finding: 'SIGNER_NOT_LISTED' });
    const parcel = await forgeDelivery({ ...honest(), packageNode: other });
    expect(await inject(parcel.message)).toMatchObject({ finding: 'SIGNER_NOT_LISTED' });
  });

  it('quarantines what is for someone else', async () => {
    const record = await forgeDelivery({ ...honest(), recordTo: parseAgencyCode('G22') });
    expect(await inject(record.message)).toMatchObject({ finding: 'WRONG_RECIPIENT' });
    const header = await forgeDelivery({ ...honest(), headerTo: ['G22'] });
    expect(await inject(header.message)).toMatchObject({ finding: 'WRONG_RECIPIENT' });
  });

  it('quarantines a header that names another sender', async () => {
    const { message } = await forgeDelivery({ ...honest(), headerFrom: 'G22' });
    expect(await inject(message)).toMatchObject({ finding: 'HEADER_MISMATCH' });
  });

  it('quarantines a changed byte, wherever it is', async () => {
    const forged = await forgeDelivery(honest());
    const { message, recordBytes, openBytes } = forged;
    const offsets = spread(message.length, 40).map((offset) =>
      Math.min(offset, message.length - 1),
    );
    for (const offset of offsets) {
      const row = await inject(flipByte(message, offset));
      expect(row, `byte ${offset} of ${message.length}`).toBeDefined();
      const inOpen = offset >= recordBytes && offset < recordBytes + openBytes;
      const inSealed = offset >= recordBytes + openBytes;
      const found = row?.finding;
      expect({ offset, found: found === 'PACKAGE_DIGEST_MISMATCH' }).toEqual({
        offset,
        found: inOpen,
      });
      expect({ offset, found: found === 'CONTENT_CORRUPT' }).toEqual({ offset, found: inSealed });
    }
    expect(recipient.listInbox().some((row) => row.documentId === forged.documentId)).toBe(false);
  });

  it('quarantines what is sealed for another key, bound to another package, or damaged', async () => {
    const { certificate } = commune.encryption;
    const sealed = await forgeDelivery({ ...honest(), encryption: certificate });
    expect(await inject(sealed.message)).toMatchObject({
      finding: 'SEAL_UNREADABLE',
      refusalSent: true,
    });
    const bound = await forgeDelivery({ ...honest(), sealedAs: 'ab'.repeat(32) });
    expect(await inject(bound.message)).toMatchObject({ finding: 'SEAL_UNREADABLE' });
    const damaged = await forgeDelivery({
      ...honest(),
      alterSealed: (bytes) => flipByte(bytes, bytes.length - 20),
    });
    expect(await inject(damaged.message)).toMatchObject({ finding: 'SEAL_UNREADABLE' });
  });

  it('quarantines a sealed package that is not the one shown in the open part', async () => {
    const other = await forgeDelivery(honest());
    const { open } = other;
    const swapped = await forgeDelivery({
      ...honest(),
      alterContainer: (container) => flipByte(container, Buffer.from(container).indexOf('595 842')),
    });
    expect(await inject(swapped.message)).toMatchObject({ finding: 'PACKAGE_MALFORMED' });
    const bare = await forgeDelivery({ ...honest(), alterContainer: () => open });
    expect(await inject(bare.message)).toMatchObject({ finding: 'PACKAGE_MALFORMED' });
  });

  it('takes an open part that travels deflated', async () => {
    const { message, documentId } = await forgeDelivery({ ...honest(), packOpen: packOpenPart });
    expect(await inject(message)).toBeUndefined();
    expect(recipient.listInbox().some((row) => row.documentId === documentId)).toBe(true);
  });

  it.each([
    ['unpacks to more than an open part can have', () => packOpenPart(Buffer.alloc(600_000))],
    ['is not deflated', (open: Uint8Array) => open],
    [
      'has something behind its end',
      (open: Uint8Array) => Buffer.concat([packOpenPart(open), Buffer.from('x')]),
    ],
  ])('quarantines an open part that %s', async (_what, packOpen) => {
    const { message } = await forgeDelivery({ ...honest(), packOpen });
    expect(await inject(message)).toMatchObject({ finding: 'PACKAGE_MALFORMED' });
  });

  it('quarantines an open part that unpacks to another than its record names', async () => {
    const packOpen = (open: Uint8Array): Uint8Array =>
      packOpenPart(flipByte(open, open.length - 40));
    const { message } = await forgeDelivery({ ...honest(), packOpen });
    expect(await inject(message)).toMatchObject({ finding: 'PACKAGE_DIGEST_MISMATCH' });
    const longer = await forgeDelivery({
      ...honest(),
      packOpen: packOpenPart,
      alterDelivery: (delivery) => ({
        ...delivery,
        open: { ...delivery.open, bytes: delivery.open.bytes + 1 },
      }),
    });
    expect(await inject(longer.message)).toMatchObject({ finding: 'PACKAGE_DIGEST_MISMATCH' });
  });

  it('quarantines a document that was changed after its seal', async () => {
    const { message } = await forgeDelivery({
      ...honest(),
      alterPdf: (pdf) => flipByte(pdf, Buffer.from(pdf).indexOf('595 842') + 2),
    });
    expect(await inject(message)).toMatchObject({
      finding: 'DOCUMENT_TAMPERED',
      refusalSent: true,
    });
  });

  it('warns of a document that carries another seal than the sender’s', async () => {
    const { message, documentId } = await forgeDelivery({ ...honest(), seal: ministry.seal });
    expect(await inject(message)).toBeUndefined();
    const row = recipient.listInbox().find((candidate) => candidate.documentId === documentId);
    expect(row?.warnings).toEqual(['DOCUMENT_SEAL_OTHER']);
  });

  it('quarantines noise', async () => {
    expect(await inject(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toMatchObject({
      finding: 'RECORD_MALFORMED',
      refusalSent: false,
    });
  });

  it('suppresses a second copy and answers it with the stored receipt', async () => {
    const { message, documentId } = await forgeDelivery(honest());
    await inject(message);
    await inject(message);
    const rows = recipient.listInbox().filter((row) => row.documentId === documentId);
    expect(rows).toMatchObject([{ duplicateCount: 1 }]);
  });

  it('answers many copies at once with the one receipt that is on its way', async () => {
    const { message } = await forgeDelivery(honest());
    const receipts = () =>
      recipient
        .listOutbox({ settled: true, limit: 10_000 })
        .filter((row) => row.purpose === 'receipt').length;
    await inject(message);
    const before = receipts();
    for (let copy = 0; copy < 20; copy += 1) await inject(message);
    expect(receipts()).toBe(before);
  });

  it('quarantines another package under the same key', async () => {
    const first = await forgeDelivery(honest());
    await inject(first.message);
    const { documentId } = first;
    const second = await forgeDelivery({ ...honest(), documentId, abstract: 'Nội dung khác' });
    expect(await inject(second.message)).toMatchObject({
      finding: 'DOCUMENT_CONFLICT',
      refusalSent: true,
    });
  });

  it('quarantines an expired node certificate', async () => {
    const expired = await expiredNode();
    const office = await town.addOffice({
      code: 'H09.13',
      tier: 'district',
      site: 'H09',
      node: expired,
      seal: commune.seal,
    });
    const { message } = await forgeDelivery({ ...honest(), from: office.code, node: expired });
    expect(await inject(message, office.code)).toMatchObject({ finding: 'CERTIFICATE_EXPIRED' });
  });

  it('quarantines a revoked node certificate', async () => {
    const node = await town.pki.issue({ commonName: 'Máy bị lộ khóa', use: 'node' });
    const office = await town.addOffice({
      code: 'H09.14',
      tier: 'district',
      site: 'H09',
      node,
      seal: commune.seal,
    });
    await town.pki.revoke(node.certificate);
    await renewCrl(ministry, town.pki);
    await recipient.reloadTrust();
    const { message } = await forgeDelivery({ ...honest(), from: office.code, node });
    expect(await inject(message, office.code)).toMatchObject({ finding: 'CERTIFICATE_REVOKED' });
  });

  it('quarantines and refuses a fresh document that a revoked seal signed', async () => {
    const seal = await town.pki.issue({ commonName: 'Con dấu bị lộ khóa', use: 'seal' });
    await town.pki.revoke(seal.certificate);
    await renewCrl(ministry, town.pki);
    await recipient.reloadTrust();
    const { message, documentId } = await forgeDelivery({ ...honest(), seal });
    expect(await inject(message)).toMatchObject({
      finding: 'CERTIFICATE_REVOKED',
      refusalSent: true,
    });
    expect(recipient.listInbox().some((row) => row.documentId === documentId)).toBe(false);
  });

  it('quarantines a signed document whose newest state cannot be read', async () => {
    const { message } = await forgeDelivery({
      ...honest(),
      alterPdf: (pdf) => Buffer.concat([pdf, Buffer.from('startxref\n3\n%%EOF\n')]),
    });
    expect(await inject(message)).toMatchObject({ finding: 'DOCUMENT_TAMPERED' });
  });

  it('quarantines a closed agency', async () => {
    const office = await town.addOffice({
      code: 'H09.15',
      tier: 'district',
      site: 'H09',
      seal: commune.seal,
      validTo: '2025-07-01T00:00:00.000Z',
    });
    const { node, code } = office;
    const { message } = await forgeDelivery({ ...honest(), from: code, node });
    expect(await inject(message, code)).toMatchObject({ finding: 'SENDER_CLOSED' });
  });

  it('quarantines a receipt for a document that was never sent', async () => {
    const { message } = await forgeDelivery(honest());
    const before = sender.listQuarantine().length;
    await inject(message);
    // The ministry receipts the forged document; the commune knows of no such delivery.
    await waitUntil(() => sender.listQuarantine().length > before, WAIT_MS);
    expect(sender.listQuarantine()[0]).toMatchObject({
      finding: 'RECEIPT_UNEXPECTED',
      claimedFrom: ministry.code,
    });
  });

  it('delivers although somebody has occupied the id of the delivery at the broker', async () => {
    const office = await town.addOffice({ code: 'H09.16', tier: 'district', site: 'H09' });
    const running = await office.open();
    await waitUntil(() => running.status().directoryEntries >= 4, WAIT_MS);
    await running.close();
    await using desk = await office.open({ mode: 'desk' });
    const { documentId, deliveries } = await desk.send({
      to: [ministry.code],
      document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo',
      documentType: 'Báo cáo',
    });
    // Whoever gets a copy of the document knows all that the id of another delivery is made of.
    const to = { tier: 'central', toSite: 'TW', to: ministry.code };
    const natsSubject = documentSubject({ ...to, fromSite: 'H09', from: commune.code });
    const messageId = deliveries[0]?.id ?? '';
    await broker.publishMessage(natsSubject, Buffer.from('occupied'), { messageId });
    await using _agent = await office.open();
    await waitUntil(
      () => recipient.listInbox().some((row) => row.documentId === documentId),
      WAIT_MS,
    );
  });

  /** A receipt of the ministry, signed with its node key, as it would put it on the bus itself. */
  async function answer(sent: SentDocument, change: Partial<ReceiptPayload>): Promise<void> {
    const payload: ReceiptPayload = {
      from: ministry.code,
      to: commune.code,
      documentId: sent.documentId,
      businessType: 0,
      documentVersion: 1,
      packageDigest: sent.packageDigest,
      status: '02',
      at: new Date().toISOString(),
      warnings: [],
      ...change,
    };
    const record = await signRecord('receipt', encodePayload('receipt', payload), async (tbs) =>
      signCms({ content: tbs }, ministry.node, { certificates: 'none' }),
    );
    const to = { tier: 'commune', toSite: 'H09', to: commune.code };
    const natsSubject = documentSubject({ ...to, fromSite: 'TW', from: ministry.code });
    copies += 1;
    await broker.publishMessage(natsSubject.replace('.doc.', '.receipt.'), record, {
      messageId: `copy ${copies}`,
    });
  }

  async function sendOne(): Promise<SentDocument> {
    const sent = await sender.send({
      to: [ministry.code],
      document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo',
      documentType: 'Báo cáo',
    });
    await waitUntil(() => sender.track(sent.documentId).deliveries[0]?.status === '01', WAIT_MS);
    return sent;
  }

  it('shows a document as arrived whose damaged copy was refused before', async () => {
    const sent = await sendOne();
    await answer(sent, { at: '2026-01-01T00:00:00.000Z', reasonCode: 'PACKAGE_DIGEST_MISMATCH' });
    const track = () => sender.track(sent.documentId).deliveries[0];
    await waitUntil(() => track()?.steps.length === 2, WAIT_MS);
    expect(track()?.status).toBe('01');
    await answer(sent, { reasonCode: 'WRONG_ADDRESSEE' });
    await waitUntil(() => track()?.steps.length === 3, WAIT_MS);
    expect(track()?.status).toBe('02');
  });

  it('quarantines a receipt that names no package, unless it refuses', async () => {
    const sent = await sendOne();
    const before = sender.listQuarantine().length;
    await answer(sent, { status: '03', packageDigest: null });
    await waitUntil(() => sender.listQuarantine().length > before, WAIT_MS);
    expect(sender.listQuarantine()[0]).toMatchObject({ finding: 'RECEIPT_UNEXPECTED' });
  });

  it('holds what it cannot judge without a fresh CRL, and takes it once there is one', async () => {
    const crls = join(ministry.home, 'trust', 'crls');
    await rename(crls, `${crls}.away`);
    await mkdir(crls);
    await recipient.reloadTrust();
    const { message, documentId } = await forgeDelivery(honest());
    const natsSubject = documentSubject({
      tier: 'central',
      toSite: 'TW',
      to: ministry.code,
      fromSite: 'H09',
      from: commune.code,
    });
    const before = recipient.listQuarantine().length;
    await broker.publishMessage(natsSubject, message, { messageId: 'held' });
    const isStored = () => recipient.listInbox().some((row) => row.documentId === documentId);
    await sleep(1_500); // long enough to have been judged
    expect(isStored()).toBe(false);
    expect(recipient.listQuarantine()).toHaveLength(before);

    await rm(crls, { recursive: true });
    await rename(`${crls}.away`, crls);
    await waitUntil(isStored, WAIT_MS);
  });

  async function expiredNode(): Promise<TestSigner> {
    return await town.pki.issue({
      commonName: 'Máy hết hạn',
      use: 'node',
      notBefore: new Date('2021-01-01T00:00:00Z'),
      notAfter: new Date('2022-01-01T00:00:00Z'),
    });
  }
});

/** `count` offsets over `length` bytes, both ends included. */
function spread(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    Math.round((index * (length - 1)) / (count - 1)),
  );
}
