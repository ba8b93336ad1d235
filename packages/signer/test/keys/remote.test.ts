import { inspect } from 'node:util';

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  type OpenRemoteSignerOptions,
  type RemoteSigner,
  listRemoteCredentials,
  openRemoteSigner,
  signCms,
  verifyCms,
} from '../../src/index.ts';
import { OID } from '../../src/der/index.ts';
import { SIGNATURE_SCHEMES, type SignatureAlgorithm } from '../../src/keys/signer.ts';
import {
  type TestPki,
  type TestSigner,
  type TestSigningService,
  type TestSigningServiceOptions,
  createTestPki,
  startTestSigningService,
} from '../../src/testing/index.ts';
import { verifyRaw } from '../../src/x509/public-key.ts';
import { rejection } from '../support/rejection.ts';

const content = Buffer.from('Quyết định số 30/2026/QĐ-UBND');
const PIN = '135790';
const OTP = '246801';

let pki: TestPki;
let rsa: TestSigner;
let p256: TestSigner;
let p384: TestSigner;
let service: TestSigningService;

beforeAll(async () => {
  pki = await createTestPki();
  rsa = await pki.issue({ commonName: 'Con dấu xã Hải Lăng', algorithm: 'rsa-2048' });
  p256 = await pki.issue({ commonName: 'Con dấu P-256', algorithm: 'ec-p256' });
  p384 = await pki.issue({ commonName: 'Con dấu P-384', algorithm: 'ec-p384' });
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
});

const RSA = [OID.rsaEncryption, OID.sha256WithRSAEncryption, OID.rsassaPss];

const start = async (options: Partial<TestSigningServiceOptions> = {}): Promise<void> => {
  service = await startTestSigningService({
    credentials: [
      { id: 'rsa', signer: rsa, pin: PIN, multisign: 5, algorithms: RSA },
      { id: 'p256', signer: p256, scal: '2', pin: PIN, otp: OTP },
      { id: 'p384', signer: p384, mode: 'implicit', algorithms: [OID.ecdsaWithSHA384] },
      { id: 'browser', signer: p256, mode: 'oauth2code' },
    ],
    ...options,
  });
};

const open = (options: Partial<OpenRemoteSignerOptions> = {}): Promise<RemoteSigner> =>
  openRemoteSigner({
    baseUrl: service.baseUrl,
    accessToken: async () => service.accessToken,
    credentialId: 'rsa',
    pin: async () => PIN,
    otp: async () => OTP,
    pollMs: 5,
    ...options,
  });

const sign = (signer: RemoteSigner): Promise<Uint8Array> => signer.sign(content, signer.algorithm);

describe.each([1, 2] as const)('a key in a signing service, version %d of the API', (version) => {
  it('signs a CMS message', async () => {
    await start({ version });
    await using signer = await open();
    expect(signer.chain).toEqual([pki.issuing]);
    const cms = await signCms({ content }, signer);
    expect(verifyCms({ cms, content })).toMatchObject({ indication: 'TOTAL-PASSED' });
    expect(service.calls).toEqual([
      'info',
      'credentials/info',
      'credentials/authorize',
      'signatures/signHash',
    ]);
  });

  it.each<[SignatureAlgorithm, string]>([
    ['rsa-pkcs1-sha256', 'rsa'],
    ['rsa-pkcs1-sha384', 'rsa'],
    ['rsa-pkcs1-sha512', 'rsa'],
    ['rsa-pss-sha256', 'rsa'],
    ['rsa-pss-sha512', 'rsa'],
    ['ecdsa-p256-sha256', 'p256'],
    ['ecdsa-p384-sha384', 'p384'],
  ])('signs with %s', async (algorithm, credentialId) => {
    await start({ version });
    await using signer = await open({ credentialId, algorithm });
    const signature = await signer.sign(content, algorithm);
    const { publicKey } = signer.certificate;
    expect(verifyRaw(SIGNATURE_SCHEMES[algorithm], publicKey, content, signature)).toBe(true);
  });

  it('has the one-time password sent, then asks for it', async () => {
    await start({ version });
    const asked: string[] = [];
    await using signer = await open({
      credentialId: 'p256',
      otp: async ({ label }) => {
        asked.push(`${label} after ${service.calls.at(-1) ?? ''}`);
        return OTP;
      },
    });
    await sign(signer);
    const call = version === 1 ? 'credentials/sendOTP' : 'credentials/getChallenge';
    expect(asked).toEqual([`Mã OTP after ${call}`]);
  });

  it('has one confirmation for signatures that are asked for together', async () => {
    await start({ version });
    await using signer = await open();
    const counts: number[] = [];
    const contents = Array.from({ length: 7 }, (_, index) => Buffer.from(`văn bản ${index}`));
    const signatures = await Promise.all(contents.map((one) => signer.sign(one, signer.algorithm)));
    for (const [index, one] of contents.entries()) {
      const scheme = SIGNATURE_SCHEMES[signer.algorithm];
      const signature = signatures[index] ?? new Uint8Array(0);
      counts.push(verifyRaw(scheme, signer.certificate.publicKey, one, signature) ? 1 : 0);
    }
    expect(counts).toEqual([1, 1, 1, 1, 1, 1, 1]);
    // Five at once is what the service allows.
    expect(service.calls.filter((call) => call === 'credentials/authorize')).toHaveLength(2);
  });

  it('waits for a person at a phone, and says so', async () => {
    await start({ version });
    service.phone = 'silent';
    const seen: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => {
      seen.push(phase);
      if (seen.length === 3) service.phone = 'yes';
    };
    await using signer = await open({ onProgress });
    const signing = sign(signer);
    // Version 1 keeps the request open instead, so there is nothing to report.
    if (version === 1) setTimeout(() => (service.phone = 'yes'), 30);
    await expect(signing).resolves.toBeDefined();
    expect(seen).toEqual(version === 1 ? [] : ['authorizing', 'authorizing', 'authorizing']);
  });

  it('gives up when the person declines, or says nothing', async () => {
    await start({ version });
    await using signer = await open({ patienceMs: 500 });
    service.phone = 'no';
    expect(await rejection(sign(signer))).toMatch(/^SIGNER_REMOTE_REFUSED: .*user declined/);
    service.phone = 'silent';
    expect(await rejection(sign(signer))).toMatch(
      version === 1 ? /^SIGNER_FETCH_FAILED: / : /^SIGNER_REMOTE_REFUSED: nobody confirmed/,
    );
    service.phone = 'yes';
    await expect(sign(signer)).resolves.toBeDefined();
  });

  it('is called off by a signal while the person makes up their mind', async () => {
    await start({ version });
    service.phone = 'silent';
    await using signer = await open();
    const stop = new AbortController();
    const signing = rejection(signer.sign(content, signer.algorithm, { signal: stop.signal }));
    setTimeout(() => stop.abort(), 30);
    expect(await signing).toMatch(/^SIGNER_SIGN_FAILED: the signature was called off/);
    const late = new AbortController();
    const message = rejection(signCms({ content }, signer, { signal: late.signal }));
    setTimeout(() => late.abort(), 30);
    expect(await message).toMatch(/^SIGNER_SIGN_FAILED: the signature was called off/);
    service.phone = 'yes';
    await expect(sign(signer)).resolves.toBeDefined();
  });

  it('goes on for the others when one of them is called off', async () => {
    await start({ version });
    service.phone = 'silent';
    await using signer = await open();
    const stop = new AbortController();
    const all = Promise.allSettled([
      sign(signer),
      signer.sign(content, signer.algorithm, { signal: stop.signal }),
      sign(signer),
    ]);
    setTimeout(() => {
      stop.abort();
      service.phone = 'yes';
    }, 30);
    const states = (await all).map(({ status }) => status);
    expect(states).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(service.calls.filter((call) => call === 'credentials/authorize')).toHaveLength(1);
  });

  it('does not give out a signature that is wrong', async () => {
    await start({ version });
    await using signer = await open();
    service.signsOtherThings = true;
    expect(await rejection(sign(signer))).toMatch(/^SIGNER_REMOTE_INVALID: .*does not fit/);
  });

  it('takes ECDSA signatures as r and s side by side', async () => {
    await start({ version });
    service.givesBareEcdsa = true;
    await using signer = await open({ credentialId: 'p256' });
    await expect(sign(signer)).resolves.toBeDefined();
  });

  it('names a wrong PIN without repeating it', async () => {
    await start({ version });
    await using signer = await open({ pin: async () => '999999' });
    const said = await rejection(sign(signer));
    expect(said).toMatch(/^SIGNER_REMOTE_REFUSED: .*is invalid/);
    expect(said).not.toContain('999999');
    expect(service.calls.filter((call) => call === 'credentials/authorize')).toHaveLength(1);
  });

  it('names a SAD that has expired', async () => {
    await start({ version, sadLifetimeMs: -1 });
    await using signer = await open();
    expect(await rejection(sign(signer))).toMatch(/^SIGNER_REMOTE_REFUSED: .*SAD expired/);
  });

  it('takes the token of a browser session where the key wants one', async () => {
    await start({ version });
    const asked: number[] = [];
    await using signer = await open({
      credentialId: 'browser',
      credentialToken: async ({ signatureCount }) => {
        asked.push(signatureCount);
        return service.credentialToken;
      },
    });
    await sign(signer);
    expect(asked).toEqual([1]);
    expect(service.calls).not.toContain('credentials/authorize');
    await using without = await open({ credentialId: 'browser' });
    expect(await rejection(sign(without))).toMatch(/^SIGNER_INPUT_INVALID: .*credentialToken/);
  });
});

describe('a signing service', () => {
  it('is polled for signatures that it makes later (operation mode A)', async () => {
    await start({ version: 2, isAsynchronous: true });
    const seen: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => {
      seen.push(phase);
      service.phone = seen.length < 3 ? 'silent' : 'yes';
    };
    await using signer = await open({ onProgress });
    await expect(sign(signer)).resolves.toBeDefined();
    expect(seen).toEqual(['signing', 'signing', 'signing']);
    expect(service.calls.filter((call) => call === 'signatures/signPolling')).toHaveLength(3);
  });

  it('lists its keys', async () => {
    await start();
    const { baseUrl } = service;
    const accessToken = async () => service.accessToken;
    const listed = await listRemoteCredentials({ baseUrl, accessToken });
    expect(listed.map(({ credentialId }) => credentialId)).toEqual([
      'rsa',
      'p256',
      'p384',
      'browser',
    ]);
  });

  it('gets a fresh access token when it refuses one, and an error when it refuses both', async () => {
    await start();
    const asked: boolean[] = [];
    await using signer = await open({
      accessToken: async ({ wasRefused }) => {
        asked.push(wasRefused);
        return wasRefused ? service.accessToken : 'expired';
      },
    });
    expect(asked).toContain(true);
    await expect(sign(signer)).resolves.toBeDefined();
    const said = await rejection(open({ accessToken: async () => 'SECRETTOKEN' }));
    expect(said).toMatch(/^SIGNER_REMOTE_UNAUTHORIZED: /);
    expect(said).not.toContain('SECRETTOKEN');
  });

  it('is refused without TLS, unless it runs on this machine', async () => {
    await start();
    for (const baseUrl of [
      'http://service.example/csc/v1',
      'http://127.0.0.1.example/csc/v1',
      'ftp://localhost/csc/v1',
      'https://user:pass@service.example/csc/v1',
      'csc/v1',
    ]) {
      expect(await rejection(open({ baseUrl }))).toMatch(/^SIGNER_INPUT_INVALID: /);
    }
  });

  it('is not followed to another address', async () => {
    await start();
    await using signer = await open();
    service.nextAnswer = {
      status: 307,
      mediaType: 'text/plain',
      body: Buffer.alloc(0),
      headers: { location: `${service.baseUrl}/credentials/authorize` },
    };
    const before = service.calls.length;
    expect(await rejection(sign(signer))).toMatch(/^SIGNER_FETCH_FAILED: /);
    expect(service.calls.slice(before)).toEqual(['credentials/authorize']);
  });

  it.each([
    ['no JSON', '<html>', 200, /^SIGNER_REMOTE_INVALID: .*no JSON/],
    ['no object', '[]', 200, /^SIGNER_REMOTE_INVALID: .*no JSON object/],
    ['no SAD', '{}', 200, /^SIGNER_REMOTE_INVALID: .*no 'SAD'/],
    ['a SAD that is no text', '{"SAD":1}', 200, /^SIGNER_REMOTE_INVALID: .*'SAD' is no text/],
    ['no handle', '{}', 202, /^SIGNER_REMOTE_INVALID: .*no 'handle'/],
    ['an error page', '<html>', 400, /^SIGNER_REMOTE_REFUSED: .*status 400/],
    ['a breakdown', '', 503, /^SIGNER_FETCH_FAILED: .*status 503/],
    [
      'control characters',
      JSON.stringify({ error: 'a\u001B[31m', error_description: '\u202Eb' }),
      400,
      /^SIGNER_REMOTE_REFUSED: the signing service refuses: a \[31m: {2}b$/,
    ],
  ])('that answers %s is named', async (_, body, status, expected) => {
    await start();
    await using signer = await open();
    service.nextAnswer = { status, mediaType: 'application/json', body: Buffer.from(body) };
    expect(await rejection(sign(signer))).toMatch(expected);
  });

  it('is not quoted with what may be a secret, when its answer is no JSON', async () => {
    await start();
    await using signer = await open();
    service.nextAnswer = { mediaType: 'application/json', body: Buffer.from('SAD-4711 is it') };
    const error: unknown = await sign(signer).catch((cause: unknown) => cause);
    expect(inspect(error)).toMatch(/no JSON/);
    expect(inspect(error)).not.toMatch(/4711/);
  });

  it('is refused an answer without end', async () => {
    await start();
    await using signer = await open();
    const body = Buffer.alloc(2 * 1024 * 1024, 0x20);
    service.nextAnswer = { mediaType: 'application/json', body };
    expect(await rejection(sign(signer))).toMatch(/^SIGNER_FETCH_TOO_LARGE: /);
  });

  it('that offers no algorithm of ours is refused', async () => {
    await start({ credentials: [{ id: 'rsa', signer: rsa, algorithms: ['1.2.3'] }] });
    expect(await rejection(open())).toMatch(/^SIGNER_ALGORITHM_UNSUPPORTED: .*1\.2\.3/);
  });

  it('signs no more once the signer is closed', async () => {
    await start();
    const signer = await open();
    service.phone = 'silent';
    const running = rejection(sign(signer));
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    await signer[Symbol.asyncDispose]();
    expect(await running).toMatch(/^SIGNER_SIGN_FAILED: /);
    expect(await rejection(sign(signer))).toMatch(/^SIGNER_SIGN_FAILED: the key is closed/);
  });
});
