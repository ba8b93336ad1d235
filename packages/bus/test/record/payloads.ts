import { type Payloads, parseAgencyCode } from '../../src/index.ts';
import { RECIPIENT, SENDER, createEntry, createTestKey } from './fixture.ts';

const DIGEST = 'ab'.repeat(32);

/** One payload of each type, every optional field filled. */
export const PAYLOADS: Payloads = {
  delivery: {
    from: SENDER,
    to: [RECIPIENT],
    documentId: 'H09.12,2026/07/01,15/QĐ-STN',
    businessType: 0,
    documentVersion: 1,
    packageDigest: DIGEST,
    open: { sha256: DIGEST, bytes: 3, packedBytes: 2 },
    sealed: { sha256: DIGEST, bytes: 4_294_967_295, chunkBytes: 32_768 },
    traceId: '0af7651916cd43dd8448eb211c80319c',
    sentAt: '2026-07-01T02:03:04.567Z',
  },
  receipt: {
    from: RECIPIENT,
    to: SENDER,
    documentId: 'H09.12,2026/07/01,15/QĐ-STN',
    businessType: 0,
    documentVersion: 1,
    packageDigest: DIGEST,
    status: '03',
    at: '2026-07-01T03:00:00.000Z',
    reasonCode: 'OTHER',
    reason: 'hai dòng\nchữ',
    incoming: { year: 2026, number: 17 },
    warnings: ['DOCUMENT_UNCERTAIN'],
    actor: 'văn thư 1',
  },
  report: {
    from: SENDER,
    number: 2,
    previous: DIGEST,
    at: '2026-07-01T03:00:00.000Z',
    entry: {
      kind: 'dispatch',
      register: { year: 2026, number: 15, notation: 'QĐ-STN', issuedOn: '2026-07-01' },
      documentId: 'H09.12,2026/07/01,15/QĐ-STN',
      businessType: 0,
      documentVersion: 1,
      documentType: 'Quyết định',
      abstract: 'V/v thử nghiệm',
      priority: 1,
      signed: true,
      packageDigest: DIGEST,
      recipients: [
        { to: RECIPIENT, mode: 'E' },
        { to: parseAgencyCode('H09.13'), mode: 'E+P' },
        { name: 'Công ty ngoài hệ thống', mode: 'P', reason: 'not-connected' },
      ],
      responseFor: { organId: '000.00.00.G22', documentId: 'G22,2026,1/X' },
    },
  },
  watermark: {
    from: RECIPIENT,
    to: SENDER,
    upTo: 12,
    hash: DIGEST,
    missing: [
      [3, 3],
      [7, 9],
    ],
    at: '2026-07-01T03:00:00.000Z',
  },
  directory: createEntry(createTestKey()),
};
