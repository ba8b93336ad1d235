import { hash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { encodeExtension } from '../../src/authority/encode-extension.ts';
import {
  OID,
  TAG,
  contextConstructed,
  encodeBoolean,
  encodeExplicit,
  encodeImplicit,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeSequence,
  encodeTlv,
} from '../../src/der/index.ts';
import { SignerError } from '../../src/errors.ts';
import { type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { parseTimeStampToken } from '../../src/tsp/token.ts';
import { type TstInfo, encodeTstInfo, readTstInfo } from '../../src/tsp/tst-info.ts';
import { algorithm, none } from '../support/odd-cms.ts';
import { type OddTstInfo, POLICY, oddToken, oddTstInfo } from '../support/odd-token.ts';

const content = Buffer.from('Thông báo số 3');
const INVALID = 'SIGNER_DER_INVALID';

const read = (parts: OddTstInfo): TstInfo => readTstInfo(oddTstInfo(content, parts));
/** The code of what is thrown. */
const codeOf = (parts: OddTstInfo): string => {
  try {
    read(parts);
  } catch (error) {
    return error instanceof SignerError ? error.code : String(error);
  }
  return 'read';
};
const accuracy = (...parts: readonly Uint8Array[]): OddTstInfo => ({
  accuracy: encodeSequence(...parts),
});
const millis = (...bytes: readonly number[]) => encodeImplicit(0, Uint8Array.from(bytes));
const micros = (...bytes: readonly number[]) => encodeImplicit(1, Uint8Array.from(bytes));

describe('reading TSTInfo', () => {
  it('takes what must be there', () => {
    expect(read({})).toEqual({
      policy: POLICY,
      hash: 'sha256',
      imprint: new Uint8Array(hash('sha256', content, 'buffer')),
      serialNumber: '01',
      genTime: new Date('2026-02-01T00:00:00Z'),
      accuracyMs: undefined,
      ordering: false,
      nonce: undefined,
    });
  });

  it('takes what may be there', () => {
    const full = read({
      genTime: '20260201120102.123Z',
      accuracy: encodeSequence(encodeInteger(2), millis(0x01, 0xf4), micros(0x64)),
      ordering: encodeBoolean(true),
      nonce: encodeInteger(Uint8Array.of(0xff, 1)),
      tsa: encodeExplicit(0, encodeExplicit(4, encodeSequence())),
      extensions: encodeTlv(contextConstructed(1), encodeExtension('1.2.3', false, encodeNull())),
      serial: Uint8Array.of(0, 0x80, 1),
    });
    expect(full).toMatchObject({
      genTime: new Date('2026-02-01T12:01:02.123Z'),
      accuracyMs: 2_501, // microseconds count up
      ordering: true,
      nonce: Uint8Array.of(0, 0xff, 1),
      serialNumber: '8001',
    });
  });

  it('reads accuracy in any of its parts', () => {
    expect(read(accuracy()).accuracyMs).toBe(0);
    expect(read(accuracy(encodeInteger(1))).accuracyMs).toBe(1_000);
    expect(read(accuracy(millis(1))).accuracyMs).toBe(1);
    expect(read(accuracy(micros(1))).accuracyMs).toBe(1);
    expect(codeOf(accuracy(millis(0)))).toBe(INVALID);
    expect(codeOf(accuracy(millis(0x03, 0xe8)))).toBe(INVALID); // 1000
    expect(codeOf(accuracy(micros(0xff)))).toBe(INVALID);
    expect(codeOf(accuracy(micros(1), millis(1)))).toBe(INVALID);
    expect(codeOf(accuracy(encodeInteger(1), encodeInteger(1)))).toBe(INVALID);
  });

  it.each([
    ['another version', { version: 2 }],
    ['a short imprint', { imprint: Buffer.alloc(31) }],
    ['a long imprint', { imprint: Buffer.alloc(33) }],
    ['UTCTime', { genTime: '260201000000Z', timeTag: TAG.UTC_TIME }],
    ['a time without seconds', { genTime: '202602010000Z' }],
    ['a time with an offset', { genTime: '20260201000000+0700' }],
    ['a time that does not exist', { genTime: '20260230000000Z' }],
    ['a comma for the fraction', { genTime: '20260201000000,5Z' }],
    ['a padded serial number', { serial: Uint8Array.of(0, 1) }],
    ['an endless serial number', { serial: Buffer.alloc(22, 1) }],
    ['an endless nonce', { nonce: encodeTlv(TAG.INTEGER, Buffer.alloc(22, 1)) }],
    ['an empty nonce', { nonce: encodeTlv(TAG.INTEGER) }],
    ['a BOOLEAN of BER', { ordering: encodeTlv(TAG.BOOLEAN, Uint8Array.of(1)) }],
    ['members out of order', { ordering: encodeInteger(7), nonce: encodeBoolean(true) }],
    ['something behind', { tail: encodeNull() }],
    [
      'an unknown critical extension',
      { extensions: encodeTlv(contextConstructed(1), encodeExtension('1.2.3', true, none)) },
    ],
    ['an empty list of extensions', { extensions: encodeTlv(contextConstructed(1)) }],
  ] satisfies readonly (readonly [string, OddTstInfo])[])('refuses %s', (_, parts) => {
    expect(codeOf(parts)).toBe(INVALID);
  });

  it.each([
    ['SHA-1', algorithm(OID.sha1), 20],
    ['MD5', algorithm('1.2.840.113549.2.5'), 16],
    ['SHA-256 with parameters', algorithm(OID.sha256, encodeInteger(1)), 32],
  ])('does not accept %s', (_, name, bytes) => {
    expect(codeOf({ hash: name, imprint: Buffer.alloc(bytes) })).toBe(
      'SIGNER_ALGORITHM_UNSUPPORTED',
    );
  });

  it('reads what it wrote, to the millisecond', () => {
    const imprint = new Uint8Array(hash('sha512', content, 'buffer'));
    for (const text of [
      '2026-11-22T02:30:05.000Z',
      '2026-11-22T02:30:05.100Z',
      '2026-11-22T02:30:05.289Z',
      '2051-01-01T00:00:00.007Z',
    ]) {
      const genTime = new Date(text);
      const serial = Buffer.from('ff00', 'hex');
      const nonce = Uint8Array.of(0xff); // -1
      const common = { policy: POLICY, hash: 'sha512', imprint, accuracyMs: 1_020, nonce } as const;
      expect(readTstInfo(encodeTstInfo({ ...common, serial, genTime }))).toEqual({
        ...common,
        serialNumber: 'ff00',
        genTime,
        ordering: false,
      });
    }
  });
});

describe('reading a token', () => {
  let tsa: TestSigner;

  beforeAll(async () => {
    const pki = await createTestPki();
    tsa = await pki.issue({ commonName: 'TSA', use: 'tsa', algorithm: 'ec-p256' });
  });

  it('gives TSTInfo, certificates and the digest of the token', async () => {
    const der = await oddToken(tsa, oddTstInfo(content));
    expect(parseTimeStampToken(der)).toMatchObject({
      policy: POLICY,
      hash: 'sha256',
      certificates: [tsa.certificate],
      sha256: hash('sha256', der, 'hex'),
    });
  });

  it('says what is no token', async () => {
    const detached = await oddToken(tsa, oddTstInfo(content), { eContentValue: encodeNull() });
    const data = await oddToken(tsa, oddTstInfo(content), { eContentType: OID.data });
    const broken = await oddToken(tsa, oddTstInfo(content, { version: 3 }));
    const garbled = await oddToken(tsa, Buffer.from('no DER'));
    const bare = oddTstInfo(content);
    for (const bytes of [detached, data, broken, garbled, bare, none, encodeOctetString(none)]) {
      expect(() => parseTimeStampToken(bytes)).toThrow(/^not a time-stamp token: /);
    }
    const weak = await oddToken(
      tsa,
      oddTstInfo(content, { hash: algorithm(OID.sha1), imprint: Buffer.alloc(20) }),
    );
    expect(() => parseTimeStampToken(weak)).toThrow(`hash algorithm ${OID.sha1}`);
  });
});
