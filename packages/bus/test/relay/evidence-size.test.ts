import { createTestPki } from '@congvan/signer/testing';
import { expect, it } from 'vitest';

import { type GatheredRecord, buildEvidence } from '../../src/evidence/build.ts';
import {
  MAX_EVIDENCE_CERTIFICATES,
  MAX_EVIDENCE_DIRECTORY,
  MAX_EVIDENCE_RECORDS,
  MAX_RECEIPTS_OF_ONE,
} from '../../src/evidence/limits.ts';
import { openEvidence } from '../../src/evidence/verify/open.ts';
import { encodePayload, signRecord } from '../../src/index.ts';
import { codeOf, composeReport, digestOf, listing, receipt } from './relay-database.ts';

const AT = new Date('2026-07-10T02:00:00.000Z');

/** As long as a real one; nobody looks at the signature here. */
const record = (type: 'report' | 'directory', payload: Uint8Array): Promise<Uint8Array> =>
  signRecord(type, payload, () => Promise.resolve(new Uint8Array(700)));

async function receiptOf(agency: string): Promise<GatheredRecord> {
  const { verified } = composeReport(agency, 1, null, receipt('H09', 1, '05'), AT.toISOString());
  return { record: await record('report', verified.record), at: AT, timeFrom: 'broker' };
}

function listingOf(code: string): Promise<Uint8Array> {
  const entry = listing(code, 'commune', { parent: codeOf('H09') });
  return record('directory', encodePayload('directory', entry));
}

it('an evidence file that is full by every limit is read again', { timeout: 60_000 }, async () => {
  const pki = await createTestPki();
  const signer = await pki.issue({ commonName: 'Trung tâm đối soát', use: 'node' });
  const records: GatheredRecord[] = [];
  for (let agency = 1; records.length < MAX_EVIDENCE_RECORDS; agency += 1) {
    const one = await receiptOf(`H09.${agency}`);
    records.push(...Array.from({ length: MAX_RECEIPTS_OF_ONE }, () => one));
  }
  const listed = await listingOf('H09.40.012');
  const directory = Array.from({ length: MAX_EVIDENCE_DIRECTORY }, () => listed);
  const { der } = signer.certificate;
  const validation = Array.from({ length: MAX_EVIDENCE_CERTIFICATES }, (_, index) => {
    const sha256 = index.toString(16).padStart(64, '0');
    return { kind: 'certificate' as const, sha256, der };
  });
  const document = {
    from: codeOf('H09'),
    documentId: 'doc-1',
    businessType: 0,
    documentVersion: 1,
    packageDigest: digestOf('package 1'),
  };
  const exporter = { code: codeOf('W01'), role: 'relay' } as const;
  const gathered = {
    document,
    exporter,
    openPart: null,
    records,
    directory,
    validation,
    contents: null,
  };
  const { container, facts } = await buildEvidence(gathered, { signer, now: AT });
  expect(facts.deliveries).toHaveLength(MAX_EVIDENCE_RECORDS / MAX_RECEIPTS_OF_ONE);

  const opened = openEvidence(container);

  expect(opened).not.toHaveProperty('damages');
  const one = { ...gathered, records: [...records, await receiptOf('H08')] };
  await expect(buildEvidence(one, { signer, now: AT })).rejects.toMatchObject({
    code: 'BUS_EVIDENCE_TOO_LARGE',
  });
});
