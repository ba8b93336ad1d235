import { beforeAll, describe, expect, it } from 'vitest';

import { signCms } from '../../src/cms/sign.ts';
import { addSignatureTimeStamp } from '../../src/cms/time-stamp.ts';
import { verifyAttached, verifyDetached } from '../../src/cms/verify-detached.ts';
import { contextConstructed, encodeNull, readDer } from '../../src/der/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import { oddCms, toIndefinite } from '../support/odd-cms.ts';
import { POLICY, oddToken, oddTstInfo } from '../support/odd-token.ts';

const content = Buffer.from('Báo cáo số 7/BC-UBND');
const signedAt = new Date('2026-02-01T08:30:00.250Z');
const at = new Date('2026-04-01T00:00:00Z');

let pki: TestPki;
let tsa: TestSigner;
/** Valid until between the two times. */
let expiring: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  [tsa, expiring] = await Promise.all([
    pki.issue({ commonName: 'Dấu thời gian', use: 'tsa', algorithm: 'ec-p256' }),
    pki.issue({ commonName: 'Văn thư', use: 'node', notAfter: new Date('2026-03-01T00:00:00Z') }),
  ]);
});

const sourceOf = (now = signedAt, signer = tsa): TimeStampSource =>
  createTimeStampAuthority({ signer, policy: POLICY, now: () => now }).source;

const judge = (cms: Uint8Array, trust = pki.trust(), when = at) => {
  const verdict = verifyDetached({ cms, content, trust, at: when });
  const { indication, subIndication, provenAt, timeStamps } = verdict;
  return {
    verdict: subIndication ?? indication,
    provenAt: provenAt?.toISOString() ?? null,
    timeStamps: timeStamps.map((stamp) => stamp.subIndication ?? stamp.indication),
  };
};

const UNPROVEN = { verdict: 'OUT_OF_BOUNDS_NO_POE', provenAt: null };

describe('a signature with a time-stamp', () => {
  it('is judged at the time that is proven', async () => {
    const bare = await signCms({ content }, expiring);
    expect(judge(bare)).toEqual({ ...UNPROVEN, timeStamps: [] });
    const expected = {
      verdict: 'TOTAL-PASSED',
      provenAt: '2026-02-01T08:30:00.250Z',
      timeStamps: ['TOTAL-PASSED'],
    };
    expect(judge(await signCms({ content }, expiring, { timeStamps: sourceOf() }))).toEqual(
      expected,
    );
    const added = await addSignatureTimeStamp(bare, sourceOf());
    expect(judge(added)).toEqual(expected);
    const attached = await signCms({ content }, expiring, { attached: true });
    const cms = await addSignatureTimeStamp(attached, sourceOf());
    const verdict = verifyAttached({ cms, trust: pki.trust(), at });
    expect(verdict).toMatchObject({ indication: 'TOTAL-PASSED', provenAt: signedAt });
    expect(Buffer.from(verdict.content ?? []).equals(content)).toBe(true);
  });

  it('is judged at the earliest of several proven times', async () => {
    const late = await signCms({ content }, expiring, {
      timeStamps: sourceOf(new Date('2026-03-15T00:00:00Z')),
    });
    expect(judge(late)).toEqual({
      verdict: 'OUT_OF_BOUNDS_NO_POE',
      provenAt: '2026-03-15T00:00:00.000Z',
      timeStamps: ['TOTAL-PASSED'],
    });
    const both = await addSignatureTimeStamp(late, sourceOf());
    expect(judge(both)).toMatchObject({
      verdict: 'TOTAL-PASSED',
      provenAt: '2026-02-01T08:30:00.250Z',
    });
    expect(judge(both).timeStamps).toEqual(['TOTAL-PASSED', 'TOTAL-PASSED']);
  });

  it('was good when the key was revoked later, and not when it was earlier', async () => {
    const own = await createTestPki();
    const [signer, stamper] = await Promise.all([
      own.issue({ commonName: 'Nút', use: 'node' }),
      own.issue({ commonName: 'TSA', use: 'tsa', algorithm: 'ec-p256' }),
    ]);
    const bare = await signCms({ content }, signer);
    const stamped = await addSignatureTimeStamp(bare, sourceOf(signedAt, stamper));
    const late = new Date('2026-03-20T00:00:00Z');
    const stampedLate = await addSignatureTimeStamp(bare, sourceOf(late, stamper));
    await own.revoke(signer.certificate, { at: new Date('2026-03-10T00:00:00Z') });
    expect(judge(bare, own.trust()).verdict).toBe('REVOKED');
    expect(judge(stamped, own.trust()).verdict).toBe('TOTAL-PASSED');
    expect(judge(stampedLate, own.trust()).verdict).toBe('REVOKED');
    const claim = { cms: bare, content, trust: own.trust(), at, isProven: false };
    expect(verifyDetached(claim).subIndication).toBe('REVOKED_NO_POE');
  });

  it('gains nothing from a time-stamp of an authority that is not trusted', async () => {
    const foreign = await createTestPki();
    const fake = await foreign.issue({ commonName: 'TSA giả', use: 'tsa', algorithm: 'ec-p256' });
    const cms = await signCms({ content }, expiring, { timeStamps: sourceOf(signedAt, fake) });
    expect(judge(cms)).toEqual({ ...UNPROVEN, timeStamps: ['NO_CERTIFICATE_CHAIN_FOUND'] });
    const repaired = await addSignatureTimeStamp(cms, sourceOf());
    expect(judge(repaired)).toMatchObject({ verdict: 'TOTAL-PASSED' });
    expect([...judge(repaired).timeStamps].sort()).toEqual([
      'NO_CERTIFICATE_CHAIN_FOUND',
      'TOTAL-PASSED',
    ]);
  });

  it('loses nothing by a broken time-stamp: it is reported, and `at` counts', async () => {
    const timeStamps = async (signature: Uint8Array) => [
      encodeNull(),
      await oddToken(tsa, oddTstInfo(signature), { withoutAttributes: true }),
    ];
    const cms = await oddCms({ signer: expiring, content, timeStamps });
    const reported = ['FORMAT_FAILURE', 'FORMAT_FAILURE'];
    expect(judge(cms)).toEqual({ ...UNPROVEN, timeStamps: reported });
    const before = new Date('2026-02-20T00:00:00Z');
    expect(judge(cms, pki.trust(), before)).toEqual({
      verdict: 'TOTAL-PASSED',
      provenAt: null,
      timeStamps: reported,
    });
  });

  it('is judged at `at` when that is earlier than what the time-stamp proves', async () => {
    const cms = await signCms({ content }, expiring, {
      timeStamps: sourceOf(new Date('2026-03-01T00:01:00Z')),
    });
    expect(judge(cms, pki.trust(), new Date('2026-02-28T23:59:00Z'))).toEqual({
      verdict: 'TOTAL-PASSED',
      provenAt: '2026-03-01T00:01:00.000Z',
      timeStamps: ['TOTAL-PASSED'],
    });
  });

  it('may have the certificates of signer and authority elsewhere', async () => {
    const timeStamps = async (signature: Uint8Array) => [
      await oddToken(tsa, oddTstInfo(signature), { certificates: [] }),
    ];
    const cms = await oddCms({ signer: expiring, content, timeStamps, certificates: [] });
    const input = { cms, content, trust: pki.trust(), at };
    expect(verifyDetached(input).subIndication).toBe('NO_SIGNING_CERTIFICATE_FOUND');
    const certificates = [tsa.certificate, expiring.certificate];
    const data = { certificates, crls: [], ocsps: [] };
    expect(verifyDetached({ ...input, data })).toMatchObject({
      indication: 'TOTAL-PASSED',
      provenAt: new Date('2026-02-01T00:00:00Z'),
    });
  });

  it('may carry any number of them, but only so many are looked at', async () => {
    const timeStamps = async (signature: Uint8Array) => {
      const token = await oddToken(tsa, oddTstInfo(signature));
      return Array.from({ length: 40 }, () => token);
    };
    const cms = await oddCms({ signer: expiring, content, timeStamps });
    const verdict = verifyDetached({ cms, content, trust: pki.trust(), at });
    expect(verdict.timeStamps).toHaveLength(16);
    expect(verdict.indication).toBe('TOTAL-PASSED');
  });
});

describe('addSignatureTimeStamp', () => {
  it('leaves all other bytes as they are, and DER stays DER', async () => {
    const bare = await signCms({ content }, expiring);
    const stamped = await addSignatureTimeStamp(bare, sourceOf());
    expect(() => readDer(stamped).children()).not.toThrow();
    // Everything but the four lengths around the unsigned attributes.
    const inner = Buffer.from(bare).subarray(40);
    expect(Buffer.from(stamped).includes(inner.subarray(0, 1_000))).toBe(true);
    const twice = await addSignatureTimeStamp(stamped, sourceOf());
    expect(judge(twice).timeStamps).toHaveLength(2);
  });

  it('stamps a message in BER without touching what is hashed', async () => {
    const bare = await signCms({ content }, expiring);
    const isInner = (tag: number, depth: number): boolean =>
      tag === contextConstructed(0) && depth > 1;
    const stamped = await addSignatureTimeStamp(toIndefinite(bare, isInner), sourceOf());
    expect(judge(stamped)).toMatchObject({ verdict: 'TOTAL-PASSED', timeStamps: ['TOTAL-PASSED'] });
  });

  it('asks with the hash that the source wants, else with that of the signature', async () => {
    const asked: string[] = [];
    const spy = (hash?: 'sha384'): TimeStampSource => ({
      ...(hash && { hash }),
      maxTokenBytes: 8_192,
      timeStamp: (digest, name) => {
        asked.push(name);
        return sourceOf().timeStamp(digest, name);
      },
    });
    const p384 = await pki.issue({ commonName: 'Khóa P-384', use: 'node', algorithm: 'ec-p384' });
    await signCms({ content }, expiring, { timeStamps: spy() });
    await signCms({ content }, p384, { timeStamps: spy() });
    await signCms({ content }, expiring, { timeStamps: spy('sha384') });
    await addSignatureTimeStamp(await signCms({ content }, p384), spy());
    expect(asked).toEqual(['sha256', 'sha384', 'sha384', 'sha384']);
  });

  it('refuses a token over other bytes and a message that is none', async () => {
    const wrong: TimeStampSource = {
      maxTokenBytes: 8_192,
      timeStamp: () => sourceOf().timeStamp(Buffer.alloc(32), 'sha256'),
    };
    await expect(signCms({ content }, expiring, { timeStamps: wrong })).rejects.toMatchObject({
      code: 'SIGNER_TIMESTAMP_INVALID',
    });
    const cms = await signCms({ content }, expiring);
    await expect(addSignatureTimeStamp(cms, wrong)).rejects.toMatchObject({
      code: 'SIGNER_TIMESTAMP_INVALID',
    });
    await expect(addSignatureTimeStamp(encodeNull(), sourceOf())).rejects.toMatchObject({
      code: 'SIGNER_DER_INVALID',
    });
  });
});
