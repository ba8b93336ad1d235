import { createHash, hash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { encodeExtension } from '../../src/authority/encode-extension.ts';
import {
  OID,
  TAG,
  contextConstructed,
  encodeBoolean,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
} from '../../src/der/index.ts';
import { startService } from '../../src/http/server.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import {
  type TimeStampAuthority,
  type TimeStampAuthorityOptions,
  createTimeStampAuthority,
  tsaHandler,
} from '../../src/tsp/authority.ts';
import { encodeTimeStampRequest } from '../../src/tsp/request.ts';
import { readTimeStampResponse } from '../../src/tsp/status.ts';
import { type TimeStampToken, parseTimeStampToken } from '../../src/tsp/token.ts';
import { algorithm, none } from '../support/odd-cms.ts';
import { POLICY } from '../support/odd-token.ts';

const content = Buffer.from('Giấy mời số 5');
const sha256 = new Uint8Array(hash('sha256', content, 'buffer'));
const now = new Date('2026-06-01T01:02:03.450Z');

let pki: TestPki;
let tsa: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  tsa = await pki.issue({ commonName: 'Dấu thời gian', use: 'tsa', algorithm: 'ec-p256' });
});

const authorityOf = (options: Partial<TimeStampAuthorityOptions> = {}): TimeStampAuthority =>
  createTimeStampAuthority({ signer: tsa, policy: POLICY, now: () => now, ...options });

/** A TimeStampReq put together from parts. */
const request = (
  parts: {
    version?: number;
    hash?: Uint8Array;
    imprint?: Uint8Array;
    rest?: readonly Uint8Array[];
  } = {},
): Uint8Array =>
  encodeSequence(
    encodeInteger(parts.version ?? 1),
    encodeSequence(
      parts.hash ?? algorithm(OID.sha256, encodeNull()),
      encodeOctetString(parts.imprint ?? sha256),
    ),
    ...(parts.rest ?? []),
  );

const tokenOf = async (query: Uint8Array, authority = authorityOf()): Promise<TimeStampToken> => {
  const { status, token } = readTimeStampResponse(await authority.answer(query));
  expect(status).toBe(0);
  return parseTimeStampToken(token ?? none);
};

describe('a time-stamping authority', () => {
  it('stamps with its clock, policy and accuracy', async () => {
    const authority = authorityOf({ accuracyMs: 500 });
    const query = encodeTimeStampRequest({ hash: 'sha256', imprint: sha256, policy: POLICY });
    expect(await tokenOf(query, authority)).toMatchObject({
      policy: POLICY,
      hash: 'sha256',
      imprint: sha256,
      genTime: now,
      accuracyMs: 500,
      ordering: false,
      nonce: undefined,
      certificates: expect.arrayContaining([tsa.certificate, pki.issuing]) as unknown,
    });
  });

  it.each(['sha256', 'sha384', 'sha512'] as const)('stamps %s', async (name) => {
    const imprint = new Uint8Array(createHash(name).update(content).digest());
    const der = await authorityOf().source.timeStamp(imprint, name);
    expect(parseTimeStampToken(der)).toMatchObject({ hash: name, imprint });
  });

  it.each([
    ['a small one', Uint8Array.of(5)],
    ['zero', Uint8Array.of(0)],
    ['a negative one', Uint8Array.of(0xff, 0x01)],
    ['a large one', Buffer.concat([Uint8Array.of(0), Buffer.alloc(20, 0xff)])],
  ])('gives the nonce back as it came: %s', async (_, nonce) => {
    const token = await tokenOf(request({ rest: [encodeTlv(TAG.INTEGER, nonce)] }));
    expect(Buffer.compare(token.nonce ?? none, nonce)).toBe(0);
  });

  it('sends its certificates only when asked', async () => {
    expect((await tokenOf(request())).certificates).toEqual([]);
    const asked = await tokenOf(request({ rest: [encodeBoolean(true)] }));
    expect(asked.certificates).toHaveLength(2);
  });

  it('never gives a serial number twice', async () => {
    const authority = authorityOf();
    const tokens = await Promise.all(
      Array.from({ length: 500 }, () => authority.source.timeStamp(sha256, 'sha256')),
    );
    const serials = tokens.map((token) => parseTimeStampToken(token).serialNumber);
    expect(new Set(serials).size).toBe(500);
    for (const serial of serials) expect(serial).toMatch(/^[0-9a-f]{2,32}$/);
  });

  it.each(['rsa-2048', 'ec-p384'] as const)(
    'keeps its tokens within what it says: %s',
    async (algorithmName) => {
      const signer = await pki.issue({ commonName: 'TSA', use: 'tsa', algorithm: algorithmName });
      const { source } = authorityOf({ signer, accuracyMs: 1_999 });
      const token = await source.timeStamp(Buffer.alloc(64, 1), 'sha512');
      expect(token.length).toBeLessThanOrEqual(source.maxTokenBytes);
    },
  );

  it('says which digest is too short', async () => {
    await expect(authorityOf().source.timeStamp(sha256, 'sha384')).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });

  it('is not made without what it needs', async () => {
    const seal = await pki.issue({ commonName: 'Con dấu', use: 'seal', algorithm: 'ec-p256' });
    for (const wrong of [
      { signer: seal },
      { policy: 'no policy' },
      { accuracyMs: 0 },
      { accuracyMs: 1.5 },
    ]) {
      expect(() => authorityOf(wrong)).toThrow(
        expect.objectContaining({ code: 'SIGNER_INPUT_INVALID' }) as Error,
      );
    }
  });
});

describe('refusals', () => {
  const extension = encodeTlv(
    contextConstructed(0),
    encodeExtension('1.2.3.4', false, encodeNull()),
  );

  it.each([
    ['badAlg', 'SHA-1', () => request({ hash: algorithm(OID.sha1), imprint: Buffer.alloc(20) })],
    ['badAlg', 'an unknown hash', () => request({ hash: algorithm('1.2.3') })],
    ['badDataFormat', 'a short imprint', () => request({ imprint: sha256.subarray(1) })],
    ['badDataFormat', 'an imprint of another hash', () => request({ hash: algorithm(OID.sha512) })],
    ['badDataFormat', 'no DER', () => Buffer.from('Xin cấp dấu thời gian')],
    ['badDataFormat', 'nothing', () => none],
    ['badDataFormat', 'bytes behind', () => Buffer.concat([request(), Buffer.alloc(1)])],
    [
      'badDataFormat',
      'members out of order',
      () => request({ rest: [encodeBoolean(true), encodeInteger(1)] }),
    ],
    ['badDataFormat', 'a request without end', () => Buffer.alloc(20_000, 0x30)],
    ['badRequest', 'another version', () => request({ version: 2 })],
    ['unacceptedPolicy', 'another policy', () => request({ rest: [encodeOid('1.2.3.4')] })],
    ['unacceptedExtension', 'an extension', () => request({ rest: [extension] })],
  ])('answers %s to %s', async (failure, _, query) => {
    const { status, detail, token } = readTimeStampResponse(await authorityOf().answer(query()));
    expect({ status, token }).toEqual({ status: 2, token: undefined });
    expect(detail).toMatch(new RegExp(`^rejected; ${failure}: .+; '.+'$`));
  });

  it('has no time when the clock stands outside the certificate', async () => {
    for (const wrong of [new Date('2019-01-01'), new Date('2050-01-01'), new Date(Number.NaN)]) {
      const authority = authorityOf({ now: () => wrong });
      const { status, detail } = readTimeStampResponse(await authority.answer(request()));
      expect(status).toBe(2);
      expect(detail).toContain('timeNotAvailable');
      await expect(authority.source.timeStamp(sha256, 'sha256')).rejects.toMatchObject({
        code: 'SIGNER_TIMESTAMP_REFUSED',
      });
    }
  });

  it('hides why the key failed from the client, and tells the operator', async () => {
    const heard: unknown[] = [];
    const failure = new Error('token removed: PIN 1234');
    const signer = { ...tsa, sign: () => Promise.reject(failure) };
    const authority = authorityOf({ signer, onError: (error) => heard.push(error) });
    const { detail } = readTimeStampResponse(await authority.answer(request()));
    expect(detail).toContain('systemFailure');
    expect(detail).not.toContain('1234');
    expect(heard).toEqual([failure]);
  });
});

describe('over HTTP', () => {
  it('answers queries, and nothing else', async () => {
    await using service = await startService({
      routes: new Map([['/tsa', tsaHandler(authorityOf())]]),
    });
    const post = (body: Uint8Array<ArrayBuffer>, type: string) =>
      fetch(`${service.url}/tsa`, { method: 'POST', body, headers: { 'content-type': type } });
    const good = await post(Uint8Array.from(request()), 'application/timestamp-query');
    expect(good.status).toBe(200);
    expect(good.headers.get('content-type')).toBe('application/timestamp-reply');
    expect(readTimeStampResponse(await good.bytes()).status).toBe(0);
    const wrong = await post(new Uint8Array(3), 'application/timestamp-query');
    expect(readTimeStampResponse(await wrong.bytes()).status).toBe(2);
    expect((await post(Uint8Array.from(request()), 'text/plain')).status).toBe(415);
    expect((await fetch(`${service.url}/tsa`)).status).toBe(405);
    const large = await post(new Uint8Array(300_000), 'application/timestamp-query');
    expect(large.status).toBe(413);
  });
});
