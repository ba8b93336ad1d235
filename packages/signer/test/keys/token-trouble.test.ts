import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type OpenTokenOptions,
  type PinState,
  type TokenSigner,
  openToken,
} from '../../src/index.ts';
import { CKR } from '../../src/keys/pkcs11/constants.ts';
import { tokenError } from '../../src/keys/pkcs11/failure.ts';
import { createTestPki } from '../../src/testing/index.ts';
import { rejection } from '../support/rejection.ts';
import { SoftHsm, objectOf, reasonWithoutToken } from './soft-hsm.ts';

const missing = reasonWithoutToken();
const note = missing === undefined ? '' : `: ${missing}`;
const PIN = '123456';
const content = Buffer.from('Quyết định số 30/2026/QĐ-UBND');

let hsm: SoftHsm;
let serial: string;
let otherSerial: string;

const open = (options: Partial<OpenTokenOptions> = {}) =>
  openToken({
    module: hsm.module,
    serialNumber: serial,
    keyId: 'a1',
    pin: async () => PIN,
    pollMs: 20,
    ...options,
  });

const sign = (signer: TokenSigner) => signer.sign(content, signer.algorithm);

describe.skipIf(missing !== undefined)(`a token that can do little${note}`, () => {
  it('signs with the bare mechanisms, over what is hashed here', async () => {
    using simple = new SoftHsm('CKM_RSA_PKCS,CKM_RSA_PKCS_PSS');
    const pki = await createTestPki();
    const signer = await pki.issue({ commonName: 'Con dấu', algorithm: 'rsa-2048' });
    const serialNumber = simple.createToken('simple', PIN, [objectOf('k', 'a1', signer)]);
    const { module } = simple;
    await using opened = await openToken({ module, serialNumber, pin: async () => PIN });
    for (const algorithm of ['rsa-pkcs1-sha256', 'rsa-pkcs1-sha512', 'rsa-pss-sha256'] as const) {
      await expect(opened.sign(content, algorithm)).resolves.toBeDefined();
    }
    const whole = await opened.sign(content, 'rsa-pkcs1-sha256');
    // PKCS#1 v1.5 has no randomness: both ways give the same bytes.
    expect(Buffer.from(whole)).toEqual(await signer.sign(content, 'rsa-pkcs1-sha256'));
  });

  it('is refused an algorithm it has no mechanism for', async () => {
    using simple = new SoftHsm('CKM_RSA_PKCS');
    const pki = await createTestPki();
    const signer = await pki.issue({ commonName: 'Con dấu', algorithm: 'rsa-2048' });
    const serialNumber = simple.createToken('simple', PIN, [objectOf('k', 'a1', signer)]);
    const { module } = simple;
    await using opened = await openToken({ module, serialNumber, pin: async () => PIN });
    expect(await rejection(opened.sign(content, 'rsa-pss-sha256'))).toMatch(
      /^SIGNER_ALGORITHM_UNSUPPORTED: /,
    );
  });
});

describe.skipIf(missing !== undefined)(`a token in trouble${note}`, () => {
  beforeAll(async () => {
    hsm = new SoftHsm();
    const pki = await createTestPki();
    const signer = await pki.issue({ commonName: 'Con dấu', algorithm: 'ec-p256' });
    serial = hsm.createToken('one', PIN, [objectOf('k', 'a1', signer)]);
    otherSerial = hsm.createToken('two', PIN, [objectOf('k', 'a1', signer)]);
  });

  afterAll(() => hsm[Symbol.dispose]());

  it('does not try a wrong PIN twice, and warns when the token counts', async () => {
    const warnings: PinState[] = [];
    const onPinState = (state: PinState) => warnings.push(state);
    const wrong = () => open({ pin: async () => '999999', onPinState });
    expect(await rejection(wrong())).toMatch(/^SIGNER_TOKEN_PIN_WRONG: .*CKR_PIN_INCORRECT/);
    expect(warnings).toEqual([]);
    expect(await rejection(wrong())).toMatch(/^SIGNER_TOKEN_PIN_WRONG: .*was not tried again/);
    expect(warnings).toEqual(['low']);
    await using signer = await open();
    await expect(sign(signer)).resolves.toBeDefined();
  });

  it('hands on what the PIN prompt throws', async () => {
    const pin = () => Promise.reject(new TypeError('hộp thoại bị đóng'));
    expect(await rejection(open({ pin }))).toMatch(/^SIGNER_SIGN_FAILED: .*hộp thoại bị đóng/);
  });

  it('names a locked PIN', () => {
    const answer = Object.assign(new Error('CKR_PIN_LOCKED'), { code: CKR.PIN_LOCKED });
    expect(tokenError(answer, 'one').code).toBe('SIGNER_TOKEN_PIN_LOCKED');
  });

  it('goes on after the token was pulled out and put back, with the PIN asked again', async () => {
    let askedCount = 0;
    const pin = async () => {
      askedCount += 1;
      return PIN;
    };
    await using signer = await open({ pin });
    await sign(signer);
    hsm.pullOut(serial);
    const waiting = Promise.all([sign(signer), sign(signer), sign(signer)]);
    const early = await Promise.race([waiting.then(() => 'signed'), sleep(150)]);
    expect(early).toBe('still waiting');
    hsm.putBack(serial);
    expect(await waiting).toHaveLength(3);
    expect(askedCount).toBe(2);
  });

  it('says that the token is absent when it does not come back in time', async () => {
    await using signer = await open({ waitMs: 60 });
    hsm.pullOut(serial);
    await expect(sign(signer)).rejects.toMatchObject({ code: 'SIGNER_TOKEN_ABSENT' });
    await expect(sign(signer)).rejects.toMatchObject({ code: 'SIGNER_TOKEN_ABSENT' });
    hsm.putBack(serial);
    await expect(sign(signer)).resolves.toBeDefined();
  });

  it('does not take another token for the one that was pulled out', async () => {
    await using signer = await openToken({
      module: hsm.module,
      keyId: 'a1',
      slot: (await open().then(dispose)).token.slot,
      pin: async () => PIN,
      waitMs: 60,
      pollMs: 20,
    });
    hsm.pullOut(serial);
    await expect(sign(signer)).rejects.toMatchObject({ code: 'SIGNER_TOKEN_ABSENT' });
    hsm.putBack(serial);
  });

  it('leaves the signer of another token alone while one is missing', async () => {
    await using one = await open({ waitMs: 60 });
    let askedCount = 0;
    const pin = async () => {
      askedCount += 1;
      return PIN;
    };
    await using two = await open({ serialNumber: otherSerial, pin });
    hsm.pullOut(serial);
    await expect(sign(one)).rejects.toMatchObject({ code: 'SIGNER_TOKEN_ABSENT' });
    await expect(sign(two)).resolves.toBeDefined();
    expect(askedCount).toBe(1);
    hsm.putBack(serial);
  });

  it('calls off a signature that waits, and keeps the others in order', async () => {
    await using signer = await open({ sessions: 1 });
    const ended: number[] = [];
    const stop = new AbortController();
    const one = (index: number, signal?: AbortSignal) =>
      signer
        .sign(content, signer.algorithm, signal === undefined ? {} : { signal })
        .then(() => ended.push(index));
    const all = [one(0), one(1), one(2, stop.signal), one(3)];
    stop.abort(new Error('bỏ'));
    const results = await Promise.allSettled(all);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(results[2]).toMatchObject({ reason: { code: 'SIGNER_SIGN_FAILED' } });
    expect(ended).toEqual([0, 1, 3]);
  });

  it('refuses to sign when it is closed, and can be closed twice', async () => {
    const signer = await open();
    const running = sign(signer);
    await dispose(signer);
    await dispose(signer);
    await expect(running).resolves.toBeDefined();
    await expect(sign(signer)).rejects.toMatchObject({ code: 'SIGNER_SIGN_FAILED' });
  });
});

async function dispose(signer: TokenSigner): Promise<TokenSigner> {
  await signer[Symbol.asyncDispose]();
  return signer;
}

async function sleep(ms: number): Promise<string> {
  return await new Promise((resolve) => {
    setTimeout(() => resolve('still waiting'), ms);
  });
}
