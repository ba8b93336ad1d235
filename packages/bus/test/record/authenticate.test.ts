import { describe, expect, it } from 'vitest';

import {
  type AgencyCode,
  type Authentication,
  type DirectoryEntry,
  FINDINGS,
  type FindingRule,
  type VerifySignature,
  authenticateRecord,
  decodeMessage,
  decodeRecord,
  encodePayload,
  findingOfVerdict,
  isFinding,
  parseAgencyCode,
  signRecord,
} from '../../src/index.ts';
import {
  AT,
  RECIPIENT,
  SENDER,
  type TestKey,
  createEntry,
  createTestKey,
  failed,
  verifySignature,
} from './fixture.ts';
import { PAYLOADS } from './payloads.ts';

const key = createTestKey();
const stranger = createTestKey();
const entry = createEntry(key);

interface Changes {
  readonly from?: AgencyCode;
  readonly entry?: DirectoryEntry | undefined;
  readonly verify?: VerifySignature;
  readonly at?: Date;
}

async function signedDelivery(signer = key): Promise<Uint8Array> {
  return signRecord('delivery', encodePayload('delivery', PAYLOADS.delivery), signer.sign);
}

function authenticate(bytes: Uint8Array, changes: Changes = {}): Authentication {
  const listed = 'entry' in changes ? changes.entry : entry;
  return authenticateRecord(decodeMessage(bytes).record, {
    from: changes.from ?? SENDER,
    lookup: (code) => (code === listed?.code ? listed : undefined),
    verify: changes.verify ?? verifySignature,
    at: changes.at ?? AT,
  });
}

async function findingWith(changes: Changes): Promise<string> {
  const result = authenticate(await signedDelivery(), changes);
  return result.authentic ? 'authentic' : result.finding;
}

describe('authenticateRecord', () => {
  it('believes a record whose subject, payload, directory and certificate agree', async () => {
    expect(authenticate(await signedDelivery())).toEqual({
      authentic: true,
      basis: null,
      entry,
      content: { type: 'delivery', payload: PAYLOADS.delivery },
    });
  });

  it('gives the verifier the node certificates of the entry, and the time', async () => {
    let given: Parameters<VerifySignature>[0] | undefined;
    const verify: VerifySignature = (input) => {
      given = input;
      return verifySignature(input);
    };
    const seal = {
      use: 'seal' as const,
      sha256: stranger.sha256,
      der: Buffer.from(stranger.der).toString('base64'),
    };
    const both = createEntry(key, { certificates: [...entry.certificates, seal] });
    expect(await findingWith({ verify, entry: both })).toBe('authentic');
    expect(given?.certificates).toEqual([Uint8Array.from(key.der)]);
    expect(given?.at).toBe(AT);
  });

  it('refuses another sender in the subject than in the record', async () => {
    const other = parseAgencyCode('H09.13');
    const result = await findingWith({ from: other, entry: createEntry(key, { code: other }) });
    expect(result).toBe('SUBJECT_MISMATCH');
  });

  it('refuses a sender that the directory does not know', async () => {
    expect(await findingWith({ entry: undefined })).toBe('SENDER_UNKNOWN');
  });

  it.each([
    ['before it opens', '2025-12-31T23:59:59.999Z', 'SENDER_CLOSED'],
    ['when it opens', '2026-01-01T00:00:00.000Z', 'authentic'],
    ['just before it closes', '2026-06-30T16:59:59.999Z', 'authentic'],
    ['when it closes', '2026-06-30T17:00:00.000Z', 'SENDER_CLOSED'],
  ])('judges the opening of the agency %s', async (_what, at, expected) => {
    const closing = createEntry(key, {
      validTo: '2026-06-30T17:00:00.000Z',
      successors: [RECIPIENT],
    });
    expect(await findingWith({ entry: closing, at: new Date(at) })).toBe(expected);
  });

  it('names the successor of a closed agency', async () => {
    const closed = createEntry(key, {
      validTo: '2026-02-01T00:00:00.000Z',
      successors: [RECIPIENT],
    });
    const result = authenticate(await signedDelivery(), { entry: closed });
    expect('detail' in result && result.detail).toContain('succeeded by G22');
  });

  it('finds a signer that the entry does not list', async () => {
    const result = authenticate(await signedDelivery(stranger));
    expect(result).toMatchObject({ authentic: false, finding: 'SIGNER_NOT_LISTED' });
  });

  it('does not trust a verifier that found a good certificate outside the list', async () => {
    const verify: VerifySignature = () => ({
      indication: 'TOTAL-PASSED',
      subIndication: null,
      certificateSha256: stranger.sha256,
      detail: '',
    });
    expect(await findingWith({ verify })).toBe('SIGNER_NOT_LISTED');
  });

  it('finds no signer where the entry has no node certificate', async () => {
    const bare = createEntry(key, { certificates: [] });
    expect(await findingWith({ entry: bare })).toBe('SIGNER_NOT_LISTED');
  });

  it('notices every changed byte of the signed part and of the signature', async () => {
    const bytes = await signedDelivery();
    for (let index = 9; index < bytes.length; index += 1) {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 0x01;
      let result: Authentication | undefined;
      try {
        result = authenticate(changed);
      } catch {
        continue; // the frame itself is broken
      }
      expect(result.authentic).toBe(false);
    }
  });

  it('calls a payload that cannot be read malformed', async () => {
    const bytes = await signRecord('delivery', Buffer.from('{}'), key.sign);
    expect(authenticate(bytes)).toMatchObject({ finding: 'RECORD_MALFORMED' });
  });

  it('does not take a signature over a payload of another type', async () => {
    const payload = encodePayload('delivery', PAYLOADS.delivery);
    const bytes = Buffer.from(await signRecord('delivery', payload, key.sign));
    bytes[4] = 2; // the same payload as a receipt
    expect(authenticate(bytes).authentic).toBe(false);
  });
});

describe('findingOfVerdict', () => {
  it.each([
    ['TOTAL-FAILED', 'HASH_FAILURE', 'SIGNATURE_BROKEN'],
    ['TOTAL-FAILED', 'SIG_CRYPTO_FAILURE', 'SIGNATURE_BROKEN'],
    ['TOTAL-FAILED', 'FORMAT_FAILURE', 'SIGNATURE_BROKEN'],
    ['TOTAL-FAILED', 'REVOKED', 'CERTIFICATE_REVOKED'],
    ['INDETERMINATE', 'REVOKED_NO_POE', 'CERTIFICATE_REVOKED'],
    ['TOTAL-FAILED', 'EXPIRED', 'CERTIFICATE_EXPIRED'],
    ['INDETERMINATE', 'NOT_YET_VALID', 'CERTIFICATE_EXPIRED'],
    ['INDETERMINATE', 'OUT_OF_BOUNDS_NO_POE', 'CERTIFICATE_EXPIRED'],
    ['INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND', 'CERTIFICATE_UNTRUSTED'],
    ['INDETERMINATE', 'CHAIN_CONSTRAINTS_FAILURE', 'CERTIFICATE_UNTRUSTED'],
    ['INDETERMINATE', 'TRY_LATER', 'REVOCATION_UNKNOWN'],
    ['INDETERMINATE', 'NO_SIGNING_CERTIFICATE_FOUND', 'SIGNER_NOT_LISTED'],
    ['INDETERMINATE', 'SOMETHING_NEW', 'CERTIFICATE_UNTRUSTED'],
    ['TOTAL-FAILED', 'SOMETHING_NEW', 'SIGNATURE_BROKEN'],
  ] as const)('%s %s is %s', async (indication, subIndication, finding) => {
    expect(findingOfVerdict({ indication, subIndication })).toBe(finding);
    const verify: VerifySignature = () => failed(indication, subIndication, key.sha256);
    expect(await findingWith({ verify })).toBe(finding);
  });
});

describe('FINDINGS', () => {
  function codesWhere(holds: (rule: FindingRule) => boolean): string[] {
    return Object.entries<FindingRule>(FINDINGS)
      .filter(([, rule]) => holds(rule))
      .map(([code]) => code);
  }

  it('sends no refusal for a quarantined record whose sender is not proven', () => {
    expect(codesWhere((rule) => rule.severity === 'quarantine' && !rule.refusal)).toEqual([
      'RECORD_MALFORMED',
      'SENDER_UNKNOWN',
      'SUBJECT_MISMATCH',
      'RECEIPT_UNEXPECTED',
      'CHECK_FAILED',
    ]);
  });

  it('accepts with a warning only what the clerk can judge', () => {
    expect(codesWhere((rule) => rule.severity === 'warning')).toEqual([
      'DOCUMENT_UNSIGNED',
      'DOCUMENT_UNCERTAIN',
      'DOCUMENT_SEAL_OTHER',
    ]);
  });

  it('holds back, without blaming the sender, what cannot be judged yet', () => {
    expect(codesWhere((rule) => rule.severity === 'hold')).toEqual(['REVOCATION_UNKNOWN']);
    expect(FINDINGS.REVOCATION_UNKNOWN.refusal).toBe(false);
  });

  it('is closed', () => {
    expect(isFinding('SIGNATURE_BROKEN')).toBe(true);
    expect(isFinding('toString')).toBe(false);
  });
});

describe('a record stored before its sender changed', () => {
  const before = createTestKey();
  const after = createTestKey();
  const old = createEntry(before, { site: 'H44' });
  const holder = createEntry(after, { sequence: 2 });

  async function judge(key: TestKey, earlier: readonly DirectoryEntry[], site: string) {
    const payload = encodePayload('delivery', PAYLOADS.delivery);
    const raw = decodeRecord(await signRecord('delivery', payload, key.sign));
    return authenticateRecord(raw, {
      from: SENDER,
      lookup: () => holder,
      earlier: () => earlier,
      fits: (entry) => entry.site === site,
      verify: verifySignature,
      at: AT,
    });
  }

  it('is believed with the certificate and site of then, and with none of another time', async () => {
    expect(await judge(before, [old], 'H44')).toMatchObject({ authentic: true, entry: old });
    expect(await judge(before, [old], 'H10')).toMatchObject({ finding: 'SIGNER_NOT_LISTED' });
    expect(await judge(before, [], 'H44')).toMatchObject({ finding: 'SIGNER_NOT_LISTED' });
    expect(await judge(after, [old], 'H09')).toMatchObject({ authentic: true, entry: holder });
  });
});
