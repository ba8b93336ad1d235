import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Authority, openAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import { createOcspResponder } from '../../src/authority/ocsp-responder.ts';
import { startAuthorityService } from '../../src/authority/service.ts';
import { encodeExplicit, encodeOctetString, encodeSequence } from '../../src/der/index.ts';
import { exchange } from '../../src/http/client.ts';
import type { RunningService } from '../../src/http/server.ts';
import { createKeySigner } from '../../src/keys/signer.ts';
import { createTrustStore } from '../../src/path/trust-store.ts';
import { validatePath } from '../../src/path/validate.ts';
import { collectValidationData } from '../../src/revocation/collect.ts';
import { certIdOf, encodeCertId, encodeOcspRequest } from '../../src/revocation/ocsp-request.ts';
import { parseOcspResponse } from '../../src/revocation/ocsp.ts';
import { createTimeStampAuthority, tsaHandler } from '../../src/tsp/authority.ts';
import { createTsaClient } from '../../src/tsp/client.ts';
import { type Certificate, parseCertificate } from '../../src/x509/certificate.ts';
import { parseCrl } from '../../src/x509/crl.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const run = promisify(execFile);
const base = scratchFolder('service');
const folder = path.join(base, 'ca');
const passphrase = 'một cụm mật khẩu dài';
const name = { country: 'VN', organization: 'Tỉnh Quảng Trị', commonName: 'CA tỉnh Quảng Trị' };
const subject = { country: 'VN', organization: 'UBND xã Hải Lăng', commonName: 'Ủy ban Hải Lăng' };
const DAY_MS = 86_400_000;

let authority: Authority;
let certificate: Certificate;

beforeAll(async () => {
  authority = await createAuthority({ folder, passphrase, name, algorithm: 'ec-p256' });
  ({ certificate } = await authority.issue({ subject, use: 'node' }));
  const { rootCertificate, issuingCertificate } = authority;
  writeFileSync(path.join(base, 'root.pem'), encodePem('CERTIFICATE', rootCertificate.der));
  writeFileSync(path.join(base, 'ca.pem'), encodePem('CERTIFICATE', issuingCertificate.der));
});

const ocspUses = () => authority.list().filter(({ use }) => use === 'ocsp').length;

describe('the OCSP responder', () => {
  const ask = async (bytes: Uint8Array, now = new Date()) =>
    createOcspResponder({ authority, now: () => now }).answer(bytes);
  const request = (nonce?: Uint8Array) =>
    encodeOcspRequest(certificate, authority.issuingCertificate, nonce ? { nonce } : {});

  it('says good, on hold, good again, revoked as the index does, though it answers from a cache', async () => {
    const { certificate: own } = await authority.issue({ subject, use: 'node' });
    const { serialNumber } = own;
    const responder = createOcspResponder({ authority });
    const bytes = encodeOcspRequest(own, authority.issuingCertificate);
    const state = async () => {
      const first = await responder.answer(bytes);
      expect(await responder.answer(bytes)).toBe(first);
      const [response] = parseOcspResponse(first).responses;
      return [response?.status, response?.reason];
    };
    expect(await state()).toEqual(['good', undefined]);
    await authority.revoke(serialNumber, 'certificateHold');
    expect(await state()).toEqual(['revoked', 'certificateHold']);
    await authority.release(serialNumber);
    expect(await state()).toEqual(['good', undefined]);
    const other = await openAuthority({ folder, passphrase });
    await other.revoke(serialNumber, 'unspecified');
    expect(await state()).toEqual(['revoked', undefined]);
  });

  it('repeats a nonce, and makes such answers anew', async () => {
    const nonce = Buffer.from('0123456789abcdef');
    const responder = createOcspResponder({ authority });
    const answers = [
      await responder.answer(request(nonce)),
      await responder.answer(request(nonce)),
    ];
    expect(Buffer.from(parseOcspResponse(answers[0] ?? nonce).nonce ?? [])).toEqual(nonce);
    expect(answers[0]).not.toBe(answers[1]);
    expect(parseOcspResponse(await responder.answer(request())).nonce).toBeUndefined();
  });

  it('knows nothing of serial numbers that were not issued here', async () => {
    const foreign = { ...certificate, serialNumber: '4711' };
    const bytes = encodeOcspRequest(foreign, authority.issuingCertificate);
    expect(parseOcspResponse(await ask(bytes)).responses).toMatchObject([{ status: 'unknown' }]);
  });

  it.each([
    ['malformedRequest', () => new Uint8Array([1, 2, 3])],
    ['malformedRequest', () => new Uint8Array(100_000)],
    ['unauthorized', () => encodeOcspRequest(certificate, authority.rootCertificate)],
  ])('answers %s, unsigned, to what it cannot judge', async (status, make) => {
    const answer = await ask(make());
    expect(() => parseOcspResponse(answer)).toThrow(status);
  });

  it('signs with a short-lived certificate of the CA, renewed before it ends', async () => {
    let now = new Date();
    const responder = createOcspResponder({ authority, now: () => now });
    const signerOf = async () =>
      parseOcspResponse(await responder.answer(request())).certificates[0];
    const before = ocspUses();
    const first = await signerOf();
    now = new Date(Number(now) + 15 * DAY_MS);
    expect((await signerOf())?.sha256).toBe(first?.sha256);
    expect(ocspUses()).toBe(before + 1);
    now = new Date(Number(now) + 6 * DAY_MS);
    expect((await signerOf())?.sha256).not.toBe(first?.sha256);
    expect(ocspUses()).toBe(before + 2);
  });

  it('keeps answers to usual requests only, so that large ones cannot fill the memory', async () => {
    let now = new Date();
    const responder = createOcspResponder({ authority, now: () => now });
    const certId = encodeCertId(certIdOf(certificate, authority.issuingCertificate));
    const padding = encodeExtension('1.2.3.4', false, encodeOctetString(new Uint8Array(600)));
    const list = encodeSequence(encodeSequence(certId));
    const large = encodeSequence(encodeSequence(list, encodeExplicit(2, encodeSequence(padding))));
    const producedAt = async (bytes: Uint8Array) =>
      Number(parseOcspResponse(await responder.answer(bytes)).producedAt);
    const [usual, padded] = [await producedAt(request()), await producedAt(large)];
    now = new Date(Number(now) + 60_000);
    expect(await producedAt(request())).toBe(usual);
    expect(await producedAt(large)).toBe(padded + 60_000);
  });

  it('makes one certificate for many first questions at once', async () => {
    const before = ocspUses();
    const responder = createOcspResponder({ authority });
    const questions = Array.from({ length: 8 }, () => responder.answer(request()));
    const signers = (await Promise.all(questions)).map(
      (answer) => parseOcspResponse(answer).certificates[0]?.sha256,
    );
    expect(new Set(signers).size).toBe(1);
    expect(ocspUses()).toBe(before + 1);
  });

  it('answers for what an earlier issuing CA issued, with a certificate of that CA', async () => {
    const own = path.join(base, 'two-cas');
    const two = await createAuthority({ folder: own, passphrase, name, algorithm: 'ec-p256' });
    const old = await two.issue({ subject, use: 'node' });
    await two.addIssuingCa({ algorithm: 'ec-p256' });
    const next = await two.issue({ subject, use: 'node' });
    const responder = createOcspResponder({ authority: two });
    for (const { certificate: asked, chain } of [old, next]) {
      const [issuer] = chain;
      const bytes = encodeOcspRequest(asked, issuer ?? asked);
      const response = parseOcspResponse(await responder.answer(bytes));
      expect(response.responses).toMatchObject([{ status: 'good' }]);
      expect(response.certificates[0]?.issuerText).toBe(issuer?.subjectText);
    }
    const { serialNumber } = next.certificate;
    const [issuer = old.certificate] = old.chain;
    const mixed = encodeOcspRequest({ ...old.certificate, serialNumber }, issuer);
    expect(parseOcspResponse(await responder.answer(mixed)).responses).toMatchObject([
      { status: 'unknown' },
    ]);
  });
});

describe('the service', () => {
  let service: RunningService;

  beforeEach(async () => {
    const {
      certificate: own,
      privateKey,
      chain,
    } = await authority.issue({
      subject: { ...subject, commonName: 'TSA tỉnh Quảng Trị' },
      use: 'tsa',
      algorithm: 'ec-p256',
    });
    if (privateKey === undefined) throw new Error('no key');
    const signer = createKeySigner({ privateKey, certificate: own, chain });
    const tsa = createTimeStampAuthority({ signer, policy: '1.2.3.4', now: () => new Date() });
    await authority.setBaseUrl('http://pki.example/tinh');
    service = await startAuthorityService({ authority, tsa: tsaHandler(tsa) });
  });
  afterEach(async () => {
    await service[Symbol.asyncDispose]();
  });

  const get = (at: string) => exchange({ url: `${service.url}${at}` });
  const openssl = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run('openssl', args, { cwd: base });
    return stdout + stderr;
  };

  it('answers openssl ocsp, by POST, which finds the answers good and signed by the right one', async () => {
    const { certificate: revoked } = await authority.issue({ subject, use: 'node' });
    await authority.revoke(revoked.serialNumber, 'superseded');
    writeFileSync(path.join(base, 'ee.pem'), encodePem('CERTIFICATE', certificate.der));
    writeFileSync(path.join(base, 'gone.pem'), encodePem('CERTIFICATE', revoked.der));
    const trust = ['-CAfile', 'root.pem', '-verify_other', 'ca.pem'];
    const certs = [
      '-issuer',
      'ca.pem',
      '-cert',
      'ee.pem',
      '-cert',
      'gone.pem',
      '-serial',
      '0x4711',
    ];
    const shown = await openssl('ocsp', '-url', `${service.url}/ocsp`, ...certs, ...trust);
    expect(shown).toContain('Response verify OK');
    expect(shown).toMatch(/ee\.pem: good/);
    expect(shown).toMatch(/gone\.pem: revoked[^]*Reason: superseded/);
    expect(shown).toMatch(/0x4711: unknown/);
  });

  it('answers OCSP by GET, however the base64 is escaped, and lets caches keep it shortly', async () => {
    const bytes = encodeOcspRequest(certificate, authority.issuingCertificate);
    const text = Buffer.from(bytes).toString('base64');
    for (const shown of [text, encodeURIComponent(text), text.replaceAll('=', '%3D')]) {
      const { status, mediaType, body } = await get(`/ocsp/${shown}`);
      expect([status, mediaType]).toEqual([200, 'application/ocsp-response']);
      expect(parseOcspResponse(body).responses).toMatchObject([{ status: 'good' }]);
    }
    for (const wrong of ['/ocsp', '/ocsp/', '/ocsp/%', '/ocsp/a b', '/ocsp/AAAA']) {
      const { body } = await get(wrong);
      expect(() => parseOcspResponse(body)).toThrow('malformedRequest');
    }
  });

  it('gives out lists and CA certificates, also below the path of its address', async () => {
    for (const prefix of ['', '/tinh']) {
      const [crl, delta, root, ca] = await Promise.all([
        get(`${prefix}/crl/issuing.crl`),
        get(`${prefix}/crl/issuing-delta.crl`),
        get(`${prefix}/crl/root.crl`),
        get(`${prefix}/ca/issuing.crt`),
      ]);
      expect(crl.mediaType).toBe('application/pkix-crl');
      expect(parseCrl(crl.body).issuerText).toBe(authority.issuingCertificate.subjectText);
      expect(parseCrl(delta.body).baseNumber).toBeLessThanOrEqual(parseCrl(crl.body).number ?? 0n);
      expect(parseCrl(root.body).issuerText).toBe(authority.rootCertificate.subjectText);
      expect(ca.mediaType).toBe('application/pkix-cert');
      expect(parseCertificate(ca.body).sha256).toBe(authority.issuingCertificate.sha256);
    }
  });

  it('gives out nothing else of the folder', async () => {
    const paths = [
      'issuing.key',
      'root.key',
      'index.json',
      'audit.log',
      '',
      'issuing.crt',
      'x.crl',
    ];
    const tricks = ['../root.key', '..%2froot.key', '%2e%2e/root.key', './issuing.key'];
    for (const file of [...paths, ...tricks]) {
      expect((await rawGet(service.url, `/crl/${file}`)).length).toBe(0);
      expect((await rawGet(service.url, `/ca/${file}`)).length).toBe(
        file === 'issuing.crt' ? authority.issuingCertificate.der.length : 0,
      );
    }
    expect((await exchange({ url: `${service.url}/crl/issuing.crl`, body: 'x' })).status).toBe(404);
  });

  it('gives time-stamps that openssl ts and our own client accept', async () => {
    writeFileSync(path.join(base, 'data.txt'), 'Kính gửi: Sở Nội vụ');
    await openssl('ts', '-query', '-data', 'data.txt', '-sha256', '-cert', '-out', 'q.tsq');
    const reply = await exchange({
      url: `${service.url}/tsa`,
      body: readFileSync(path.join(base, 'q.tsq')),
      headers: { 'content-type': 'application/timestamp-query' },
    });
    writeFileSync(path.join(base, 'r.tsr'), reply.body);
    const trust = ['-CAfile', 'root.pem', '-untrusted', 'ca.pem'];
    const shown = await openssl('ts', '-verify', '-queryfile', 'q.tsq', '-in', 'r.tsr', ...trust);
    expect(shown).toContain('Verification: OK');
    const client = createTsaClient({ urls: [`${service.url}/tsa`] });
    await expect(client.timeStamp(new Uint8Array(32).fill(7), 'sha256')).resolves.toBeDefined();
  });

  it('is all that a verifier needs who knows the root alone', async () => {
    const own = path.join(base, 'reachable');
    const made = await createAuthority({ folder: own, passphrase, name, algorithm: 'ec-p256' });
    await using running = await startAuthorityService({ authority: made });
    await made.setBaseUrl(running.url);
    await made.addIssuingCa({ algorithm: 'ec-p256' }); // the first one names no address yet
    await made.renewDueLists();
    const issued = await made.issue({ subject, use: 'seal', algorithm: 'ec-p256' });
    const judge = async (at: Date) => {
      // What was fetched is kept with the trust store as long as it says it is good for.
      const trust = createTrustStore({ anchors: [made.rootCertificate] });
      const failures: unknown[] = [];
      const options = { trust, at, online: true, onFailure: (one: unknown) => failures.push(one) };
      const data = await collectValidationData([issued.certificate], options);
      const verdict = validatePath(issued.certificate, { trust, at, data, revocation: 'require' });
      return { verdict, failures, data };
    };
    const good = await judge(new Date());
    expect(good.verdict).toMatchObject({ indication: 'TOTAL-PASSED' });
    expect(good.failures).toEqual([]);
    expect(good.data.ocsps).toHaveLength(1);
    expect(good.data.crls.map(({ issuerText }) => issuerText)).toEqual([
      made.rootCertificate.subjectText,
    ]);
    await made.revoke(issued.certificate.serialNumber, 'keyCompromise');
    expect((await judge(new Date())).verdict.subIndication).toBe('REVOKED');
  });

  it('renews its lists by itself before they end', async () => {
    let now = new Date();
    const own = path.join(base, 'upkeep');
    const kept = await createAuthority({
      folder: own,
      passphrase,
      name,
      algorithm: 'ec-p256',
      now: () => now,
    });
    let renewedCount = 0;
    const onRenewed = () => {
      renewedCount += 1;
      return Promise.resolve();
    };
    const options = { authority: kept, upkeepMs: 5, onRenewed };
    await using running = await startAuthorityService(options);
    const number = async () =>
      parseCrl((await exchange({ url: `${running.url}/crl/issuing.crl` })).body).number;
    const first = await number();
    now = new Date(Number(now) + 30 * DAY_MS);
    await expect.poll(number, { timeout: 5_000 }).toBe((first ?? 0n) + 1n);
    await expect.poll(() => renewedCount, { timeout: 5_000 }).toBe(1);
  });
});

/** As {@link exchange}, but the path goes out as it is written. */
function rawGet(url: string, at: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path: at }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts)));
    });
    request.on('error', reject).end();
  });
}
