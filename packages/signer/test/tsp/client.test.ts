import { hash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import {
  OID,
  TAG,
  encodeInteger,
  encodeNamedBits,
  encodeSequence,
  encodeTlv,
  encodeUtf8String,
  readDer,
} from '../../src/der/index.ts';
import { SignerError } from '../../src/errors.ts';
import { type ServiceHandler, startService } from '../../src/http/server.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority, tsaHandler } from '../../src/tsp/authority.ts';
import { type TsaClientOptions, createTsaClient } from '../../src/tsp/client.ts';
import { type TimeStampRequest, readTimeStampRequest } from '../../src/tsp/request.ts';
import { encodeGranted, encodeRejection } from '../../src/tsp/status.ts';
import { parseTimeStampToken } from '../../src/tsp/token.ts';
import { verifyTimeStamp } from '../../src/tsp/verify.ts';
import { type OddCms, none } from '../support/odd-cms.ts';
import { type OddTstInfo, POLICY, oddToken, oddTstInfo } from '../support/odd-token.ts';

const content = Buffer.from('Tờ trình số 9');
const sha256 = new Uint8Array(hash('sha256', content, 'buffer'));
const now = new Date('2026-06-01T00:00:00Z');
const REPLY = 'application/timestamp-reply';

let pki: TestPki;
let tsa: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  tsa = await pki.issue({ commonName: 'Dấu thời gian', use: 'tsa', algorithm: 'ec-p256' });
});

const honest = (): ServiceHandler =>
  tsaHandler(createTimeStampAuthority({ signer: tsa, policy: POLICY, now: () => now }));
const replying =
  (body: (request: TimeStampRequest) => Promise<Uint8Array> | Uint8Array): ServiceHandler =>
  async (request) => ({ mediaType: REPLY, body: await body(readTimeStampRequest(request.body)) });
/** Grants a token whose parts can be replaced by odd ones. */
const odd = (info: OddTstInfo = {}, message: Partial<OddCms> = {}): ServiceHandler =>
  replying(async ({ nonce = none }) => {
    const certificates = [tsa.certificate.der];
    const tstInfo = oddTstInfo(content, { nonce: encodeTlv(TAG.INTEGER, nonce), ...info });
    return encodeGranted(await oddToken(tsa, tstInfo, { certificates, ...message }));
  });

/** Starts the handlers as authorities and asks them in turn. */
async function ask(
  handlers: readonly ServiceHandler[],
  options: Partial<TsaClientOptions> = {},
): Promise<{ token: Uint8Array | undefined; error: unknown; failures: string[] }> {
  const routes = new Map(handlers.map((handler, index) => [`/${index}`, handler] as const));
  await using service = await startService({ routes });
  const urls = handlers.map((_, index) => `${service.url}/${index}`);
  const failures: string[] = [];
  const client = createTsaClient({
    urls,
    onFailure: (failure, url) => failures.push(`${url.at(-1) ?? ''} ${failure.code}`),
    ...options,
  });
  try {
    return { token: await client.timeStamp(sha256, 'sha256'), error: undefined, failures };
  } catch (error) {
    return { token: undefined, error, failures };
  }
}

const failureOf = async (
  handler: ServiceHandler,
  options: Partial<TsaClientOptions> = {},
): Promise<{ code: string; message: string }> => {
  const { error } = await ask([handler], options);
  return error instanceof SignerError ? error : { code: 'none', message: String(error) };
};

describe('asking for a time-stamp', () => {
  it('gets a token that verifies', async () => {
    const { token = none, failures } = await ask([honest()], { policy: POLICY });
    const digest = (name: string) => hash(name, content, 'buffer');
    const verdict = verifyTimeStamp({ token, digest, trust: pki.trust(), at: now });
    expect(verdict).toMatchObject({ indication: 'TOTAL-PASSED', time: now });
    expect(failures).toEqual([]);
  });

  it('asks with certificates and with a new random nonce each time', async () => {
    const seen: TimeStampRequest[] = [];
    const recording: ServiceHandler = (request) => {
      seen.push(readTimeStampRequest(request.body));
      return honest()(request);
    };
    await ask([recording]);
    await ask([recording], { policy: POLICY });
    expect(seen).toMatchObject([
      { version: 1, hash: 'sha256', certReq: true, extensions: [], policy: undefined },
      { version: 1, hash: 'sha256', certReq: true, extensions: [], policy: POLICY },
    ]);
    const nonces = seen.map(({ nonce = none }) => Buffer.from(nonce).toString('hex'));
    expect(new Set(nonces).size).toBe(2);
    for (const nonce of nonces) expect(nonce.length).toBeGreaterThanOrEqual(28);
  });

  it('goes on to the next authority, and every failure is named', async () => {
    const refusing = replying(() => encodeRejection('badAlg', 'không nhận'));
    const failing: ServiceHandler = () => Promise.reject(new Error('broken'));
    const { token, failures } = await ask([refusing, failing, odd({ nonce: none }), honest()]);
    expect(parseTimeStampToken(token ?? none).genTime).toEqual(now);
    expect(failures).toEqual([
      '0 SIGNER_TIMESTAMP_REFUSED',
      '1 SIGNER_FETCH_FAILED',
      '2 SIGNER_TIMESTAMP_INVALID',
    ]);
  });

  it('names all of them when none gives a token', async () => {
    const refusing = replying(() => encodeRejection('unacceptedPolicy', 'chính sách lạ'));
    const gone: ServiceHandler = () =>
      Promise.resolve({ status: 503, mediaType: 'text/plain', body: none });
    const { error } = await ask([refusing, gone]);
    expect(error).toMatchObject({ code: 'SIGNER_TIMESTAMP_UNAVAILABLE' });
    const { message, cause } = error as SignerError;
    expect(message).toMatch(
      /\/0' refuses: rejected; unacceptedPolicy: .*; 'chính sách lạ'; .*\/1' answers with HTTP status 503$/,
    );
    expect(cause).toBeInstanceOf(AggregateError);
  });

  it('is refused when all refuse', async () => {
    const refusing = replying(() => encodeRejection('systemFailure', 'hỏng'));
    const { error } = await ask([refusing, refusing]);
    expect(error).toMatchObject({ code: 'SIGNER_TIMESTAMP_REFUSED' });
  });

  it('says which authority does not answer, without its secrets', async () => {
    const { url } = await startService({ routes: new Map() }).then(async (service) => {
      await service[Symbol.asyncDispose]();
      return service;
    });
    const client = createTsaClient({ urls: [`${url}/tsa?key=secret`] });
    const error: unknown = await client
      .timeStamp(sha256, 'sha256')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SIGNER_TIMESTAMP_UNAVAILABLE' });
    expect(String(error)).toContain(`'${url}/tsa' does not answer`);
    expect(String(error)).not.toContain('secret');
  });

  it('does not say the password of an address', async () => {
    const client = createTsaClient({ urls: ['http://user:secret@127.0.0.1:1/tsa'] });
    const error: unknown = await client
      .timeStamp(sha256, 'sha256')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SIGNER_TIMESTAMP_UNAVAILABLE' });
    expect(String(error)).toContain('holds a user name or password');
    expect(String(error)).not.toContain('secret');
  });

  it('waits only so long', async () => {
    const slow: ServiceHandler = () => new Promise(() => undefined);
    const { failures } = await ask([slow, honest()], { timeoutMs: 100 });
    expect(failures).toEqual(['0 SIGNER_FETCH_FAILED']);
  });
});

describe('what is no good answer', () => {
  it.each([
    ['a nonce of another request', odd({ nonce: encodeInteger(7) }), 'nonce'],
    ['no nonce', odd({ nonce: none }), 'nonce'],
    ['a token over other bytes', odd({ imprint: Buffer.alloc(32) }), 'other bytes'],
    ['a token without certificates', odd({}, { certificates: [] }), 'certificate'],
    ['a token signed wrongly', odd({}, { content: Buffer.from('x'), attributes: [] }), ''],
    ['a token over data', odd({}, { eContentType: OID.data }), 'TSTInfo'],
    ['no token', replying(() => encodeSequence(encodeSequence(encodeInteger(0)))), 'no token'],
    ['no DER', replying(() => Buffer.from('OK')), ''],
    ['nothing', replying(() => none), ''],
  ])('%s', async (_, handler, why) => {
    const { code, message } = await failureOf(handler);
    expect(code).toBe('SIGNER_TIMESTAMP_INVALID');
    expect(message).toContain(why);
  });

  it('a certificate that is not for time-stamping alone', async () => {
    const node = await pki.issue({ commonName: 'Nút', use: 'node' });
    const handler = replying(async ({ nonce = none }) => {
      const tstInfo = oddTstInfo(content, { nonce: encodeTlv(TAG.INTEGER, nonce) });
      return encodeGranted(await oddToken(node, tstInfo));
    });
    const { code, message } = await failureOf(handler);
    expect(code).toBe('SIGNER_TIMESTAMP_INVALID');
    expect(message).toContain('not for time-stamps alone');
  });

  it('a token under another policy than was asked for', async () => {
    const asked = await failureOf(odd({ policy: '1.2.3.4' }), { policy: POLICY });
    expect(asked.message).toContain(`under policy 1.2.3.4 instead of ${POLICY}`);
    expect(asked.code).toBe('SIGNER_TIMESTAMP_INVALID');
    const { token } = await ask([odd({ policy: '1.2.3.4' })]);
    expect(parseTimeStampToken(token ?? none).policy).toBe('1.2.3.4');
  });

  it('another media type, whatever the body', async () => {
    const handler: ServiceHandler = async (request) => ({
      ...(await honest()(request)),
      mediaType: 'text/html',
    });
    expect(await failureOf(handler)).toMatchObject({ code: 'SIGNER_TIMESTAMP_INVALID' });
  });

  it('more bytes than there is room for', async () => {
    const endless = replying(() => Buffer.alloc(1_000_000, 0x30));
    const { code, message } = await failureOf(endless);
    expect(code).toBe('SIGNER_TIMESTAMP_UNAVAILABLE');
    expect(message).toContain('answers with more than 16384 bytes');
    const tooLong = await failureOf(honest(), { maxTokenBytes: 500 });
    expect(tooLong).toMatchObject({ code: 'SIGNER_TIMESTAMP_INVALID' });
    expect(tooLong.message).toMatch(/a token of \d+ bytes, more than 500/);
  });

  it('status other than granted, in words', async () => {
    const status = (value: number, ...rest: readonly Uint8Array[]) =>
      replying(async ({ nonce = none }) => {
        const tstInfo = oddTstInfo(content, { nonce: encodeTlv(TAG.INTEGER, nonce) });
        const token = await oddToken(tsa, tstInfo);
        return encodeSequence(encodeSequence(encodeInteger(value), ...rest), token);
      });
    const { token } = await ask([status(1)]);
    expect(readDer(token ?? none).tag).toBe(TAG.SEQUENCE);
    expect((await failureOf(status(3))).message).toContain('refuses: waiting');
    expect((await failureOf(status(77))).message).toContain('refuses: status 77');
    const texts = encodeSequence(
      encodeUtf8String('dòng\u2028một\n\u202egiả'),
      encodeUtf8String('hai'),
    );
    const bits = encodeNamedBits([2, 14, 25]);
    const { code, message } = await failureOf(status(2, texts, bits));
    expect(code).toBe('SIGNER_TIMESTAMP_REFUSED');
    expect(message).toContain('rejected; badRequest:');
    expect(message).toContain('timeNotAvailable:');
    expect(message).toContain('systemFailure:');
    expect(message).toMatch(/; 'dòng một giả'; 'hai'$/);
  });

  it('is told before anything is sent when the question makes no sense', async () => {
    expect(() => createTsaClient({ urls: [] })).toThrow('no address');
    expect(() => createTsaClient({ urls: ['http://localhost'], policy: 'x' })).toThrow("'x'");
    const client = createTsaClient({ urls: ['http://localhost:1'] });
    await expect(client.timeStamp(sha256, 'sha512')).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
    const nowhere = createTsaClient({ urls: ['file:///etc/passwd'] });
    await expect(nowhere.timeStamp(sha256, 'sha256')).rejects.toMatchObject({
      code: 'SIGNER_TIMESTAMP_UNAVAILABLE',
    });
  });
});
