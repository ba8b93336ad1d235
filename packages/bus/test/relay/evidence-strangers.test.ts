import { buildAsicE, createTrustStore, openAsic } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { verifyEvidence } from '../../src/evidence/index.ts';
import { MAX_RECEIPTS_OF_ONE } from '../../src/evidence/limits.ts';
import { type ReceiptEntry, parseAgencyCode } from '../../src/index.ts';
import { exportEvidence } from '../../src/relay/index.ts';
import { dispatch, electronic, receipt } from './relay-database.ts';
import { SignedTown } from './traffic/signed-town.ts';

const AT = Date.parse('2026-07-10T02:00:00.000Z');

describe('evidence of a document about which somebody says what is not so', () => {
  let town: SignedTown;
  let minutes = 0;

  const report = async (code: string, entry: Parameters<SignedTown['compose']>[1]) => {
    minutes += 1;
    const at = new Date(AT + minutes * 60_000);
    expect(town.receive(await town.compose(code, entry, at), at)).toBe('new');
  };
  const receiptBy = (status: string, change: Partial<ReceiptEntry> = {}) =>
    receipt('H09', 1, status, change);
  const now = new Date(AT + 3_600_000);
  const exportFile = async () => {
    const { home, relaySigner: signer } = town;
    return (await exportEvidence({ home, id: 'doc-1', signer, now: () => now })).container;
  };
  const verify = (container: Uint8Array) => {
    const trust = createTrustStore({ anchors: [town.pki.root] });
    const rootCertificate = town.registrar.certificate.der;
    return verifyEvidence(container, { trust, rootCertificate, now });
  };
  /** The exporter says something else about its parts, and signs that. */
  const restate = async (change: (text: string) => string) => {
    const files = Array.from(openAsic(await exportFile()).files, ([name, bytes]) => {
      const isStatement = name === 'evidence.json';
      const text = isStatement ? change(Buffer.from(bytes).toString('utf8')) : '';
      const mediaType = 'application/octet-stream';
      return { name, mediaType, bytes: isStatement ? Buffer.from(text) : bytes };
    });
    const signer = town.relaySigner;
    return (await buildAsicE({ files, signer, signedAt: now })).container;
  };

  beforeAll(async () => {
    town = await SignedTown.start();
    for (const code of ['H09', 'H10', 'H11']) await town.addAgency(code, { tier: 'province' });
    await report('H09', dispatch(1, [electronic('H10')]));
    await report('H10', receiptBy('01'));
  });
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('passes as it is', async () => {
    expect(verify(await exportFile())).toMatchObject({ indication: 'TOTAL-PASSED' });
  });

  it('still passes, and names nobody who was not addressed', async () => {
    await report('H11', receiptBy('06'));
    await report('H11', receiptBy('01', { packageDigest: 'e'.repeat(64) }));
    await report('H10', receiptBy('06', { packageDigest: 'f'.repeat(64) }));

    const { indication, detail, facts } = verify(await exportFile());

    expect([indication, detail]).toEqual(['TOTAL-PASSED', 'every part holds']);
    expect(facts?.deliveries).toMatchObject([
      { to: parseAgencyCode('H10'), receipts: [{ status: '01' }] },
    ]);
    expect(facts?.deliveries[0]?.receipts).toHaveLength(1);
  });

  it('is made all the same when a recipient gives receipts without end, and says what it lacks', async () => {
    for (let count = 0; count < 20; count += 1) await report('H10', receiptBy('05'));
    await report('H10', receiptBy('06'));

    const { indication, lacking, facts } = verify(await exportFile());

    expect(indication).toBe('TOTAL-PASSED');
    expect(lacking).toContain('receipts');
    const statuses = facts?.deliveries[0]?.receipts.map(({ status }) => status) ?? [];
    expect(statuses).toHaveLength(MAX_RECEIPTS_OF_ONE);
    expect(new Set(statuses)).toEqual(new Set(['01', '05', '06']));
  });

  it('says what is not in it, also when its exporter does not', async () => {
    const silent = verify(
      await restate((text) => text.replace(/"lacking": \[[^\]]*\]/u, '"lacking": []')),
    );

    expect(silent.lacking).toEqual(['open-part', 'delivery', 'contents']);
  });

  it('fails when its exporter says that a part proves more than it does', async () => {
    const boast = verify(
      await restate((text) => text.replace('what the recipient says', 'what a court found')),
    );

    expect(boast.indication).toBe('TOTAL-FAILED');
    expect(boast.damages).toMatchObject([{ entry: 'records/0002-receipt-H10.record' }]);
  });
});
