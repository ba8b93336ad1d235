import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openAsic } from '@congvan/signer';

import { type EvidenceTown, sendSomething } from './evidence-town.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

describe('evidence of a document', () => {
  let place: EvidenceTown;
  let relayFile: Uint8Array;
  let senderFile: Uint8Array;
  let recipientFile: Uint8Array;

  beforeAll(async () => {
    place = await sendSomething();
    const { sender, recipient, sent, timeStamps } = place;
    const { documentId: id } = sent;
    relayFile = await place.exportAtRelay({ timeStamps });
    senderFile = (await sender.exportEvidence({ id, timeStamps, withContent: true })).container;
    recipientFile = (await recipient.exportEvidence({ id, timeStamps })).container;
    await place.stopEverything();
  });

  afterAll(async () => {
    await place[Symbol.asyncDispose]();
  });

  it('verifies with nothing but anchors, whoever exported it, when the bus is gone', () => {
    for (const file of [relayFile, senderFile, recipientFile]) {
      const report = place.verify(file);
      expect(report.checks.filter(({ indication }) => indication !== 'TOTAL-PASSED')).toEqual([]);
      expect(report).toMatchObject({ indication: 'TOTAL-PASSED', damages: [] });
      expect(report.facts?.deliveries).toMatchObject([{ to: 'G09' }]);
    }
  });

  it('says the same of a document at the relay, at the sender and at the recipient', () => {
    const files = [relayFile, senderFile, recipientFile].map((file) => openAsic(file).files);
    for (const name of ['header.edxml', 'ASiCManifest.xml', 'signature.p7s']) {
      const [first, ...others] = files.map((one) => one.get(`package/${name}`));
      expect(first?.length).toBeGreaterThan(0);
      for (const other of others)
        expect(Buffer.from(other ?? [])).toEqual(Buffer.from(first ?? []));
    }
    const reports = [relayFile, senderFile, recipientFile].map((file) => place.verify(file));
    for (const { facts } of reports) {
      expect(facts?.document.packageDigest).toBe(place.sent.packageDigest);
      expect(facts?.deliveries[0]?.receipts.map(({ status }) => status)).toEqual([
        '01',
        '03',
        '06',
      ]);
    }
    expect(reports.map(({ lacking }) => lacking)).toEqual([
      ['delivery', 'contents'],
      [],
      ['dispatch', 'contents'],
    ]);
  });

  it('still passes when the certificates of sender and exporter have expired', () => {
    for (const file of [relayFile, senderFile]) {
      const report = place.verify(file, new Date(Date.now() + 2 * YEAR_MS));
      expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
      expect(report.provenAt).not.toBeNull();
    }
  });
});
