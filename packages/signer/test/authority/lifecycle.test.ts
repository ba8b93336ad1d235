import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Authority, openAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { buildCertificateRequest, parseCertificateRequest } from '../../src/authority/csr.ts';
import { AUTHORITY_FILES } from '../../src/authority/store.ts';
import { generateKeys } from '../../src/keys/generate.ts';
import { validatePath } from '../../src/path/validate.ts';
import { createTestPki } from '../../src/testing/index.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { parseCrl } from '../../src/x509/crl.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const passphrase = 'một cụm mật khẩu dài';
const name = { country: 'VN', organization: 'Tỉnh Quảng Trị', commonName: 'CA tỉnh Quảng Trị' };
const subject = { country: 'VN', organization: 'UBND xã Hải Lăng', commonName: 'Ủy ban Hải Lăng' };
const START = new Date('2026-03-01T00:00:00Z');
const DAY_MS = 86_400_000;

let base: string;
let folder: string;
let now: Date;
let authority: Authority;

const scratch = scratchFolder('lifecycle');
const template = path.join(scratch, 'ca');

beforeAll(async () => {
  now = START;
  await createAuthority({ ...options(), folder: template, name, algorithm: 'ec-p256' });
});

beforeEach(async () => {
  base = mkdtempSync(path.join(scratch, 'test-'));
  folder = path.join(base, 'ca');
  now = START;
  cpSync(template, folder, { recursive: true });
  authority = await openAuthority(options());
});

const options = () => ({ folder, passphrase, now: () => now, actor: 'Nguyễn Văn A' });
const later = (days: number): void => {
  now = new Date(Number(now) + days * DAY_MS);
};
const listed = (crl: Uint8Array): (string | undefined)[][] =>
  parseCrl(crl).entries.map(({ serialNumber, reason }) => [serialNumber, reason]);

/** What OpenSSL says with the lists of the folder; a delta list is used when there is one. */
function opensslVerify({ der }: Certificate): string {
  const delta = authority.deltaCrl();
  const trust = [
    encodePem('CERTIFICATE', authority.rootCertificate.der),
    ...authority.issuingCas().map(({ certificate }) => encodePem('CERTIFICATE', certificate.der)),
    encodePem('X509 CRL', authority.rootCrl()),
    ...(delta === undefined ? [] : [encodePem('X509 CRL', delta)]),
    ...['issuing.crl', 'issuing-2.crl']
      .map((file) => path.join(folder, file))
      .filter((file) => existsSync(file))
      .map((file) => encodePem('X509 CRL', readFileSync(file))),
  ];
  writeFileSync(path.join(base, 'trust.pem'), trust.join(''));
  writeFileSync(path.join(base, 'ee.pem'), encodePem('CERTIFICATE', der));
  const time = ['-attime', String(Math.floor(Number(now) / 1000)), '-extended_crl'];
  const checks = [
    '-x509_strict',
    '-crl_check_all',
    ...(delta === undefined ? [] : ['-use_deltas']),
  ];
  const args = ['verify', ...checks, ...time, '-CAfile', 'trust.pem', 'ee.pem'];
  try {
    return execFileSync('openssl', args, { cwd: base, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return String(error);
  }
}

describe('a certificate for a request', () => {
  it('has the key and name of the request and the rights of the profile alone', async () => {
    const { privateKey, publicKey } = await generateKeys('ec-p256');
    const serverNames = { dns: ['bus.example'], ip: [] };
    const request = parseCertificateRequest(
      await buildCertificateRequest(privateKey, subject, serverNames),
    );
    const granted = await authority.issueFor(request, { use: 'node' });
    expect(granted.certificate.publicKey.equals(publicKey)).toBe(true);
    expect(granted.certificate.subjectText).toBe('CN=Ủy ban Hải Lăng, O=UBND xã Hải Lăng, C=VN');
    expect(granted.certificate.subjectAltNames).toBeUndefined();
    expect(granted.leftOut).toEqual(['2.5.29.17']);
    expect(opensslVerify(granted.certificate)).toContain('OK');

    const server = await authority.issueFor(request, { use: 'tls' });
    expect(server.leftOut).toEqual([]);
    expect(server.certificate.subjectAltNames).toEqual([{ kind: 'dns', text: 'bus.example' }]);
  });

  it('is not given for a key that was lost to others', async () => {
    const { privateKey, publicKey } = await generateKeys('ec-p256');
    const { certificate } = await authority.issue({ subject, use: 'node', publicKey });
    await authority.revoke(certificate.serialNumber, 'keyCompromise');
    const request = parseCertificateRequest(await buildCertificateRequest(privateKey, subject));
    await expect(authority.issueFor(request, { use: 'node' })).rejects.toThrow('compromised');
  });
});

describe('renewal', () => {
  it('overlaps: both certificates are good, and the index says which follows which', async () => {
    const old = await authority.issue({ subject, use: 'node' });
    later(300);
    await authority.renewCrl();
    const next = await authority.renew(old.certificate.serialNumber);
    expect(next.certificate.subjectText).toBe(old.certificate.subjectText);
    expect(next.certificate.publicKey.equals(old.certificate.publicKey)).toBe(false);
    expect(next.privateKey).toBeDefined();
    for (const { certificate } of [old, next]) {
      expect(opensslVerify(certificate)).toContain('OK');
    }
    expect(authority.find(old.certificate.serialNumber).renewedBy).toBe(
      next.certificate.serialNumber,
    );
    expect(authority.find(next.certificate.serialNumber).renews).toBe(old.certificate.serialNumber);
  });

  it('takes the key of a request, and keeps the names of a server', async () => {
    const serverNames = { dns: ['bus.example'], ip: ['10.0.0.1', '2001:db8::1'] };
    const old = await authority.issue({ subject, use: 'tls', serverNames });
    const { privateKey, publicKey } = await generateKeys('ec-p256');
    const other = { ...subject, commonName: 'Ai đó khác' };
    const request = parseCertificateRequest(await buildCertificateRequest(privateKey, other));
    const next = await authority.renew(old.certificate.serialNumber, { request });
    expect(next.certificate.publicKey.equals(publicKey)).toBe(true);
    expect(next.certificate.subjectText).toBe(old.certificate.subjectText);
    expect(next.certificate.subjectAltNames).toEqual(old.certificate.subjectAltNames);
  });

  it('is refused for unknown, revoked and expired certificates', async () => {
    await expect(authority.renew('00ff')).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_SERIAL_UNKNOWN',
    });
    const { certificate } = await authority.issue({ subject, use: 'node' });
    const held = await authority.issue({ subject, use: 'node' });
    await authority.revoke(certificate.serialNumber, 'superseded');
    await authority.revoke(held.certificate.serialNumber, 'certificateHold');
    for (const serial of [certificate.serialNumber, held.certificate.serialNumber]) {
      await expect(authority.renew(serial)).rejects.toMatchObject({
        code: 'SIGNER_AUTHORITY_ALREADY_REVOKED',
      });
    }
    const short = await authority.issue({ subject, use: 'ocsp' });
    later(31);
    await expect(authority.renew(short.certificate.serialNumber)).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });
});

describe('revocation', () => {
  it('says why and since when the key is unsafe', async () => {
    const { certificate } = await authority.issue({ subject, use: 'node' });
    const invalidSince = new Date('2026-02-01T00:00:00Z');
    await authority.revoke(certificate.serialNumber, 'keyCompromise', { invalidSince });
    expect(parseCrl(authority.crl()).entries).toMatchObject([
      { serialNumber: certificate.serialNumber, reason: 'keyCompromise', invalidSince },
    ]);
    writeFileSync(path.join(base, 'x.crl'), authority.crl());
    const args = ['crl', '-inform', 'der', '-in', 'x.crl', '-noout', '-text'];
    const shown = execFileSync('openssl', args, { cwd: base, encoding: 'utf8' });
    expect(shown).toMatch(/Invalidity Date:\s+Feb {2}1 00:00:00 2026 GMT/);
    const future = new Date('2027-01-01T00:00:00Z');
    const other = await authority.issue({ subject, use: 'node' });
    await expect(
      authority.revoke(other.certificate.serialNumber, 'keyCompromise', { invalidSince: future }),
    ).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
  });

  it('holds and releases, or revokes for good since it was held', async () => {
    const { certificate } = await authority.issue({ subject, use: 'node' });
    const { serialNumber } = certificate;
    await authority.revoke(serialNumber, 'certificateHold');
    expect(listed(authority.crl())).toEqual([[serialNumber, 'certificateHold']]);
    later(1);
    await authority.release(serialNumber);
    expect(listed(authority.crl())).toEqual([]);
    expect(opensslVerify(certificate)).toContain('OK');
    await expect(authority.release(serialNumber)).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });

    const held = now;
    await authority.revoke(serialNumber, 'certificateHold');
    later(1);
    await authority.revoke(serialNumber, 'keyCompromise');
    expect(parseCrl(authority.crl()).entries).toMatchObject([
      { serialNumber, reason: 'keyCompromise', revokedAt: held },
    ]);
    await expect(authority.release(serialNumber)).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_ALREADY_REVOKED',
    });
  });

  it('is told by a delta list to those who hold the complete one', async () => {
    const first = await authority.issue({ subject, use: 'node' });
    const second = await authority.issue({ subject, use: 'node' });
    await authority.revoke(first.certificate.serialNumber, 'certificateHold');
    await authority.setBaseUrl('http://pki.example');
    await authority.renewCrl();
    const base = parseCrl(authority.crl());
    later(1);
    await authority.revoke(second.certificate.serialNumber, 'superseded', { list: 'delta' });
    await authority.release(first.certificate.serialNumber, { list: 'delta' });

    expect(parseCrl(authority.crl()).number).toBe(base.number);
    const delta = parseCrl(authority.deltaCrl() ?? new Uint8Array());
    expect(delta).toMatchObject({ number: (base.number ?? 0n) + 2n, baseNumber: base.number });
    expect(listed(delta.der)).toEqual([
      [second.certificate.serialNumber, 'superseded'],
      [first.certificate.serialNumber, 'removeFromCRL'],
    ]);
    const judge = ({ certificate }: { readonly certificate: Certificate }) =>
      validatePath(certificate, { trust: authority.trust(), at: now }).subIndication;
    expect([judge(first), judge(second)]).toEqual([null, 'REVOKED']);
    expect(opensslVerify(second.certificate)).toContain('certificate revoked');
    expect(opensslVerify(first.certificate)).toContain('OK');

    await authority.renewCrl();
    expect(parseCrl(authority.deltaCrl() ?? new Uint8Array())).toMatchObject({
      number: (base.number ?? 0n) + 3n,
      baseNumber: base.number,
    });
    expect(listed(authority.crl())).toEqual([[second.certificate.serialNumber, 'superseded']]);
    expect([judge(first), judge(second)]).toEqual([null, 'REVOKED']);
  });

  it('reaches the list although the command died before it wrote it', async () => {
    const { certificate } = await authority.issue({ subject, use: 'node' });
    const { serialNumber } = certificate;
    const before = authority.crl();
    await authority.revoke(serialNumber, 'superseded');
    for (const repair of [
      () => authority.renewDueLists(),
      () => authority.revoke(serialNumber, 'superseded').catch(() => undefined),
    ]) {
      writeFileSync(path.join(folder, AUTHORITY_FILES.crl), before);
      await repair();
      expect(listed(authority.crl())).toEqual([[serialNumber, 'superseded']]);
    }
  });
});

describe('the issuing CA', () => {
  it('is revoked by the root, and a new one goes on', async () => {
    const old = authority.issuingCertificate;
    const before = await authority.issue({ subject, use: 'node' });
    await authority.revoke(old.serialNumber, 'cACompromise');
    expect(listed(authority.rootCrl())).toEqual([[old.serialNumber, 'cACompromise']]);
    await expect(authority.issue({ subject, use: 'node' })).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_ALREADY_REVOKED',
    });

    await authority.addIssuingCa({ algorithm: 'ec-p256' });
    expect(authority.issuingCertificate.commonName).toBe('CA tỉnh Quảng Trị G2');
    const after = await authority.issue({ subject, use: 'node' });
    expect(opensslVerify(after.certificate)).toContain('OK');
    expect(opensslVerify(before.certificate)).toContain('certificate revoked');
    const reopened = await openAuthority(options());
    expect(reopened.issuingCertificate.sha256).toBe(authority.issuingCertificate.sha256);
    expect(reopened.list().map(({ issuingCa }) => issuingCa)).toEqual([1, 2]);
  });

  it('that is replaced still answers for what it issued', async () => {
    const before = await authority.issue({ subject, use: 'node' });
    await authority.addIssuingCa({ algorithm: 'ec-p256' });
    later(1);
    await authority.revoke(before.certificate.serialNumber, 'superseded');
    const trust = authority.trust();
    const verdict = validatePath(before.certificate, { trust, at: now });
    expect(verdict.subIndication).toBe('REVOKED');
    expect(listed(authority.crl())).toEqual([]);
    const next = await authority.issue({ subject, use: 'node' });
    expect(validatePath(next.certificate, { trust, at: now }).indication).toBe('TOTAL-PASSED');
  });

  it('needs the key of the root for both, and says so', async () => {
    rmSync(path.join(folder, AUTHORITY_FILES.rootKey));
    const { serialNumber } = authority.issuingCertificate;
    await expect(authority.revoke(serialNumber, 'cACompromise')).rejects.toThrow('root.key');
    await expect(authority.addIssuingCa({ algorithm: 'ec-p256' })).rejects.toThrow('root.key');
    await authority.renewCrl();
    expect(parseCrl(authority.crl()).number).toBe(2n);
    expect(parseCrl(authority.rootCrl()).number).toBe(1n);
  });

  it('signs with a key that is kept elsewhere', async () => {
    const pki = await createTestPki();
    const token = await pki.issue({ commonName: 'Khóa trong token', use: 'node' });
    const elsewhere = { ...options(), folder: path.join(base, 'token-ca') };
    const made = await createAuthority({
      ...elsewhere,
      name,
      algorithm: 'ec-p256',
      issuingSigner: token,
    });
    const { certificate } = await made.issue({ subject, use: 'seal' });
    await made.revoke(certificate.serialNumber, 'superseded');
    const verdict = validatePath(certificate, { trust: made.trust(), at: now });
    expect(verdict.subIndication).toBe('REVOKED');
    expect(existsSync(path.join(elsewhere.folder, AUTHORITY_FILES.issuingKey))).toBe(false);

    await expect(openAuthority(elsewhere)).rejects.toThrow('token or service');
    const reopened = await openAuthority({ ...elsewhere, issuingSigners: [token] });
    await reopened.renewCrl();
    const other = await pki.issue({ commonName: 'Khóa khác', use: 'node' });
    await expect(openAuthority({ ...elsewhere, issuingSigners: [other] })).rejects.toThrow(
      'token or service',
    );

    await reopened.addIssuingCa({ signer: other });
    await reopened.issue({ subject, use: 'node' });
    const two = await openAuthority({ ...elsewhere, issuingSigners: [other] });
    await two.renewCrl();
    expect(parseCrl(two.crl()).number).toBe(2n);
  });
});

describe('lists that are due', () => {
  it('are renewed before they end, and not sooner', async () => {
    const numbers = () => [authority.rootCrl(), authority.crl()].map((der) => parseCrl(der).number);
    await authority.renewDueLists();
    expect(numbers()).toEqual([1n, 1n]);
    later(29);
    await authority.renewDueLists();
    expect(numbers()).toEqual([1n, 2n]);
    later(320);
    await authority.renewDueLists();
    expect(numbers()).toEqual([2n, 3n]);
  });

  it('include the delta list where the authority is served', async () => {
    await authority.setBaseUrl('http://pki.example/');
    await authority.renewDueLists();
    const delta = () => parseCrl(authority.deltaCrl() ?? new Uint8Array());
    expect(delta()).toMatchObject({ number: 2n, baseNumber: 1n });
    later(0.5);
    await authority.renewDueLists();
    expect(delta().number).toBe(2n);
    later(1);
    await authority.renewDueLists();
    expect(delta()).toMatchObject({ number: 3n, baseNumber: 1n });
    const { certificate } = await authority.issue({ subject, use: 'node' });
    const text = Buffer.from(certificate.der).toString('latin1');
    for (const file of ['/ocsp', '/crl/issuing.crl', '/crl/issuing-delta.crl', '/ca/issuing.crt']) {
      expect(text).toContain(`http://pki.example${file}`);
    }
    await expect(authority.setBaseUrl('ftp://x')).rejects.toMatchObject({
      code: 'SIGNER_INPUT_INVALID',
    });
  });
});

describe('the audit log', () => {
  const file = () => path.join(folder, AUTHORITY_FILES.audit);
  const lines = () => readFileSync(file(), 'utf8').trimEnd().split('\n');

  it('says who did what, each line bound to the one before', async () => {
    const { certificate } = await authority.issue({ subject, use: 'node' });
    await authority.renew(certificate.serialNumber);
    await authority.revoke(certificate.serialNumber, 'superseded');
    const { events, hashes } = await authority.auditLog();
    expect(events.map(({ event }) => event)).toEqual([
      'create-root',
      'create-issuing',
      'issue',
      'renew',
      'revoke',
      'crl',
    ]);
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['Nguyễn Văn A']));
    expect(events.slice(1).map(({ previous }) => previous)).toEqual(hashes.slice(0, -1));
  });

  it.each([
    [
      'changed',
      (all: string[]) => all.map((line, at) => (at === 1 ? line.replace('CA', 'CB') : line)),
      3,
    ],
    ['taken out', (all: string[]) => all.toSpliced(2, 1), 3],
    ['put in', (all: string[]) => all.toSpliced(1, 0, all[0] ?? ''), 2],
    ['swapped with its neighbour', (all: string[]) => all.toSorted(), 1],
    ['cut off at the end', (all: string[]) => all.slice(0, -1), 4],
    ['not JSON', (all: string[]) => all.with(1, '{'), 2],
  ])('shows when a line is %s', async (_, change, line) => {
    await authority.issue({ subject, use: 'node' });
    await authority.issue({ subject, use: 'node' });
    writeFileSync(file(), `${change(lines()).join('\n')}\n`);
    const damaged = { code: 'SIGNER_AUTHORITY_DAMAGED', details: { line } };
    await expect(openAuthority(options())).rejects.toMatchObject(damaged);
    await expect(authority.auditLog()).rejects.toMatchObject(damaged);
  });

  it('goes on after a line that was cut off by a power cut', async () => {
    appendFileSync(file(), '{"at":"2026-');
    const reopened = await openAuthority(options());
    await reopened.issue({ subject, use: 'node' });
    expect(lines()).toHaveLength(3);
    await expect(openAuthority(options())).resolves.toBeDefined();
  });

  it('of an authority from before lines were bound goes on bound', async () => {
    const { certificate } = await authority.issue({ subject, use: 'node' });
    const { events } = await authority.auditLog();
    const bare = events.map((event) => JSON.stringify({ ...event, previous: undefined }));
    writeFileSync(file(), `${bare.join('\n')}\n`);
    const index = path.join(folder, AUTHORITY_FILES.index);
    const known = authority.find(certificate.serialNumber);
    const entry = { ...known, issuingCa: undefined, keySha256: undefined };
    const old = { version: 1, crlNumber: 1, rootCrlNumber: 1, certificates: [entry] };
    writeFileSync(index, JSON.stringify(old));

    const reopened = await openAuthority(options());
    await reopened.renew(certificate.serialNumber);
    await reopened.revoke(certificate.serialNumber, 'superseded');
    expect(parseCrl(reopened.crl()).number).toBe(2n);
    expect(lines().map((line) => line.includes('"previous"'))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    writeFileSync(file(), lines().with(0, '{"at":"x","event":"y"}').join('\n') + '\n');
    await expect(openAuthority(options())).resolves.toBeDefined();
    writeFileSync(file(), lines().with(2, '{"at":"x","event":"y"}').join('\n') + '\n');
    await expect(openAuthority(options())).rejects.toMatchObject({ details: { line: 4 } });
  });
});
