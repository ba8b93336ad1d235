import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addAsicTimeStamp, createTimeStampAuthority, openAsic } from '@congvan/signer';
import { writeZip } from '@congvan/signer/testing';

import { type EvidenceTown, sendSomething } from './evidence-town.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

describe('evidence of a document', () => {
  let place: EvidenceTown;
  let relayFile: Uint8Array;
  /** Without a time-stamp. */
  let plainFile: Uint8Array;
  /** Its time-stamp is of an authority whose certificate ends within a year. */
  let shortFile: Uint8Array;
  let senderFile: Uint8Array;
  let recipientFile: Uint8Array;

  beforeAll(async () => {
    place = await sendSomething();
    const { sender, recipient, sent, timeStamps } = place;
    const { documentId: id } = sent;
    plainFile = await place.exportAtRelay();
    relayFile = await place.exportAtRelay({ timeStamps });
    const signer = await place.town.pki.issue({
      commonName: 'Dịch vụ dấu thời gian cũ',
      use: 'tsa',
      notAfter: new Date(Date.now() + YEAR_MS),
    });
    const short = createTimeStampAuthority({
      signer,
      policy: '1.3.6.1.4.1.99999.1',
      now: () => new Date(),
    });
    shortFile = await place.exportAtRelay({ timeStamps: short.source });
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

  it('holds when its time-stamp has run out, if another was put over the file before', async () => {
    const later = new Date(Date.now() + 2 * YEAR_MS);
    expect(place.verify(shortFile, later)).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'OUT_OF_BOUNDS_NO_POE',
    });
    const renewed = await addAsicTimeStamp(shortFile, place.timeStamps);
    const report = place.verify(renewed, later);
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED', detail: 'every part holds' });
    expect(report.provenAt).toEqual(place.verify(shortFile).provenAt);
    const twice = await addAsicTimeStamp(renewed, place.timeStamps);
    expect(place.verify(twice, later)).toMatchObject({ indication: 'TOTAL-PASSED' });
    // A file that was written without one gets its proof so as well.
    const stamped = place.verify(await addAsicTimeStamp(plainFile, place.timeStamps), later);
    expect(stamped).toMatchObject({ indication: 'TOTAL-PASSED' });
    expect(stamped.provenAt).not.toBeNull();
  });

  it('fails for one turned bit of a time-stamp that was put over it, and names the entry', async () => {
    const renewed = await addAsicTimeStamp(relayFile, place.timeStamps);
    const { entries } = openAsic(renewed);
    const manifest = 'META-INF/ASiCArchiveManifest.xml';
    const token = 'META-INF/timestamp.tst';
    const length = entries.get(manifest)?.length ?? 0;
    for (let at = 0; at < length; at += 97) {
      const report = place.verify(packAnew(entries, manifest, at));
      expect(report.indication, `byte ${at}`).toBe('TOTAL-FAILED');
    }
    // Its digest algorithms, what it says, its signature value.
    const end = entries.get(token)?.length ?? 0;
    for (const at of [35, 120, end - 10]) {
      const report = place.verify(packAnew(entries, token, at));
      expect(report.indication, `byte ${at}`).toBe('TOTAL-FAILED');
      expect(report.checks.filter(isFailed)).toMatchObject([{ entry: token }]);
    }
  });

  it('fails when an entry stands where the exporter put none, also one that others pass over', () => {
    const parts = Array.from(openAsic(relayFile).entries, ([name, bytes]) => ({ name, bytes }));
    const stray = { name: 'META-INF/manifest.xml', bytes: new TextEncoder().encode('<a/>') };
    expect(place.verify(writeZip([...parts, stray], false))).toMatchObject({
      indication: 'TOTAL-FAILED',
      damages: [{ entry: stray.name }],
    });
    const [mimetype, first, second, ...rest] = parts;
    if (!mimetype || !first || !second) throw new Error('too few entries');
    expect(place.verify(writeZip([mimetype, second, first, ...rest], false))).toMatchObject({
      indication: 'TOTAL-FAILED',
      damages: [{ entry: second.name }],
    });
  });

  it('leaves open what only a time-stamp would prove, and says so', () => {
    expect(place.verify(plainFile)).toMatchObject({ indication: 'TOTAL-PASSED', provenAt: null });
    const later = place.verify(plainFile, new Date('2050-01-01T00:00:00Z'));
    expect(later.indication).toBe('INDETERMINATE');
    expect(later.subIndication).toBe('OUT_OF_BOUNDS_NO_POE');
  });

  it('leaves open whose certificates they are when no registrar is trusted', () => {
    const report = place.verify(relayFile, new Date(), null);
    expect(report).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    });
  });

  it('fails for one turned bit anywhere in the file, and names the entry and the byte', () => {
    const size = relayFile.length;
    for (let at = 0; at < size; at += 1 + Math.floor(size / 400)) {
      const changed = new Uint8Array(relayFile);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const report = place.verify(changed);
      expect(report.indication, `byte ${at}`).toBe('TOTAL-FAILED');
      expect(report.damages.length, `byte ${at}`).toBeGreaterThan(0);
    }
  });

  it('fails for one turned bit of any entry in a file that was packed anew, and names the entry', () => {
    const { entries } = openAsic(plainFile);
    for (const [name, bytes] of entries) {
      const isSignature = name === 'META-INF/signature.p7s';
      const steps = isSignature ? 50 : 4;
      for (let step = 0; step < steps; step += 1) {
        const at = Math.floor(((step + 0.5) * bytes.length) / steps);
        const report = place.verify(packAnew(entries, name, at));
        expect(report.indication, `${name} byte ${at}`).not.toBe('TOTAL-PASSED');
        const named = [...report.damages, ...report.checks.filter(isFailed)].map(
          (one) => one.entry,
        );
        // A manifest that names another file is told by the file that is not there.
        const accepted =
          name === 'META-INF/ASiCManifest.xml' ? [...entries.keys(), ...named] : [name];
        expect(accepted, `${name} byte ${at}`).toContain(
          named.find((one) => accepted.includes(one ?? '')),
        );
      }
    }
  });
});

const isFailed = ({ indication }: { indication: string }): boolean => indication !== 'TOTAL-PASSED';

/**
 * The same file with one bit of one entry turned and every checksum right. Never the bit that makes a
 * small letter of a capital: names are compared without regard to it (RFC 5280 §7.1).
 */
function packAnew(entries: ReadonlyMap<string, Uint8Array>, name: string, at: number): Uint8Array {
  const parts = Array.from(entries, ([entry, bytes]) => {
    const copy = new Uint8Array(bytes);
    if (entry === name) copy[at] = (copy[at] ?? 0) ^ (1 << (at % 5));
    return { name: entry, bytes: copy };
  });
  return writeZip(parts, false);
}
