import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, it } from 'vitest';

import {
  AUTHORITY_FILES,
  type Authority,
  createAuthority,
  encodePem,
  generateKeys,
  openAuthority,
  parseCrl,
  validatePath,
} from '../../src/index.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const base = scratchFolder('authority');
const folder = path.join(base, 'ca');
const passphrase = 'một cụm mật khẩu dài';
const name = { country: 'VN', organization: 'Tỉnh Quảng Trị', commonName: 'CA tỉnh Quảng Trị' };
const subject = { country: 'VN', organization: 'UBND xã Hải Lăng', commonName: 'Ủy ban Hải Lăng' };

let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority({ folder, name, passphrase, algorithm: 'rsa-2048' });
});

const audit = (): string[] =>
  readFileSync(path.join(folder, AUTHORITY_FILES.audit), 'utf8').trim().split('\n');

function opensslVerify(der: Uint8Array): string {
  const trust = [
    encodePem('CERTIFICATE', authority.rootCertificate.der),
    encodePem('X509 CRL', authority.rootCrl()),
    encodePem('X509 CRL', authority.crl()),
  ];
  writeFileSync(path.join(base, 'trust.pem'), trust.join(''));
  writeFileSync(path.join(base, 'ee.pem'), encodePem('CERTIFICATE', der));
  const issuing = path.join(folder, AUTHORITY_FILES.issuingCertificate);
  const strict = ['-x509_strict', '-crl_check_all', '-policy_check'];
  const args = ['verify', ...strict, '-CAfile', 'trust.pem', '-untrusted', issuing, 'ee.pem'];
  try {
    return execFileSync('openssl', args, { cwd: base, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return String(error);
  }
}

describe('an authority on disk', () => {
  it.each(['seal', 'node', 'person', 'registrar'] as const)(
    'issues a %s certificate that OpenSSL and we find valid',
    async (use) => {
      const { certificate, chain, privateKey } = await authority.issue({ subject, use });
      expect(opensslVerify(certificate.der)).toContain('OK');
      const at = new Date();
      const verdict = validatePath(certificate, { trust: authority.trust(), at });
      expect(verdict.indication).toBe('TOTAL-PASSED');
      expect(verdict.chain.at(1)).toBe(chain[0]);
      expect(privateKey?.asymmetricKeyType).toBe(use === 'seal' || use === 'person' ? 'rsa' : 'ec');
      expect(certificate.subjectText).toBe('CN=Ủy ban Hải Lăng, O=UBND xã Hải Lăng, C=VN');
      expect(certificate.serialNumber).toMatch(/^[4-7][0-9a-f]{39}$/);
    },
  );

  it('names in NFD come out in NFC', async () => {
    const nfd = { ...subject, commonName: 'Sở Nội vụ'.normalize('NFD') };
    const { certificate } = await authority.issue({ subject: nfd, use: 'node' });
    expect(certificate.commonName).toBe('Sở Nội vụ'.normalize('NFC'));
    const der = Buffer.from(certificate.der);
    expect(der.includes(Buffer.from('Sở Nội vụ'.normalize('NFC')))).toBe(true);
  });

  it('certifies a key that the subject made, and does not know its private part', async () => {
    const { publicKey } = await generateKeys('ec-p384');
    const issued = await authority.issue({ subject, use: 'node', publicKey });
    expect(issued.privateKey).toBeUndefined();
    expect(issued.certificate.publicKey.equals(publicKey)).toBe(true);
  });

  it('revokes: OpenSSL and we refuse, before that time it stays valid', async () => {
    const { certificate } = await authority.issue({ subject, use: 'seal' });
    const { serialNumber } = certificate;
    const before = parseCrl(authority.crl()).number ?? 0n;
    await authority.revoke(serialNumber, 'keyCompromise');
    expect(opensslVerify(certificate.der)).toContain('certificate revoked');
    const judge = (at: Date) => validatePath(certificate, { trust: authority.trust(), at });
    expect(judge(new Date())).toMatchObject({
      indication: 'TOTAL-FAILED',
      subIndication: 'REVOKED',
    });
    expect(judge(new Date(Date.now() - 60_000)).indication).toBe('TOTAL-PASSED');
    expect(parseCrl(authority.crl()).number).toBe(before + 1n);
    expect(authority.list().find((entry) => entry.serialNumber === serialNumber)).toMatchObject({
      use: 'seal',
      revoked: { reason: 'keyCompromise' },
    });
    await expect(authority.revoke(serialNumber, 'superseded')).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_ALREADY_REVOKED',
    });
    await expect(authority.revoke('00ff', 'superseded')).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_SERIAL_UNKNOWN',
    });
  });

  it('renews both CRLs with higher numbers', async () => {
    const numbers = () => [authority.rootCrl(), authority.crl()].map((der) => parseCrl(der).number);
    const [root = 0n, issuing = 0n] = numbers();
    await authority.renewCrl();
    expect(numbers()).toEqual([root + 1n, issuing + 1n]);
  });

  it('writes a line of JSON for everything it issues', async () => {
    const { certificate } = await authority.issue({ subject, use: 'person' });
    const lines = audit().map((line): unknown => JSON.parse(line));
    expect(lines[0]).toMatchObject({ event: 'create-root' });
    expect(lines.at(-1)).toMatchObject({
      event: 'issue',
      use: 'person',
      serialNumber: certificate.serialNumber,
      sha256: certificate.sha256,
    });
    const issuedFile = path.join(folder, 'issued', `${certificate.serialNumber}.crt`);
    expect(readFileSync(issuedFile, 'utf8')).toBe(encodePem('CERTIFICATE', certificate.der));
  });

  it('keeps its keys encrypted and for its owner only', async () => {
    for (const file of [AUTHORITY_FILES.rootKey, AUTHORITY_FILES.issuingKey]) {
      const key = path.join(folder, file);
      expect(readFileSync(key, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
      expect(statSync(key).mode & 0o077).toBe(0);
      execFileSync('openssl', ['pkey', '-in', key, '-passin', `pass:${passphrase}`, '-noout']);
    }
    await expect(openAuthority({ folder, passphrase: 'another one' })).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_PASSPHRASE_WRONG',
    });
  });

  it('refuses what it cannot do, without leaving anything behind', async () => {
    const count = authority.list().length;
    const issue = (request: object) =>
      expect(authority.issue({ subject, use: 'node', ...request })).rejects.toMatchObject({
        code: 'SIGNER_INPUT_INVALID',
      });
    await issue({ subject: { commonName: ' ' } });
    await issue({ subject: { commonName: 'a\nb' } });
    await issue({ subject: { commonName: 'a', country: 'Vietnam' } });
    await issue({ notAfter: new Date('2090-01-01') });
    await issue({ notBefore: new Date('2000-01-01') });
    await issue({ serial: 'ff'.repeat(20) });
    await issue({ serial: authority.list()[0]?.serialNumber ?? '' });
    expect(authority.list()).toHaveLength(count);
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });

  it('is made only in a new folder, and opened only where it is', async () => {
    await expect(createAuthority({ folder, name, passphrase })).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_EXISTS',
    });
    const empty = path.join(base, 'empty');
    mkdirSync(empty);
    await expect(openAuthority({ folder: empty, passphrase })).rejects.toMatchObject({
      code: 'SIGNER_AUTHORITY_MISSING',
    });
    await expect(
      createAuthority({ folder: empty, name, passphrase: 'short' }),
    ).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
    const made = await createAuthority({ folder: empty, name, passphrase, algorithm: 'ec-p256' });
    expect(made.list()).toEqual([]);
  });
});

describe('several commands at once', () => {
  const script = path.join(base, 'issue.ts');

  it('lose nothing: every certificate is in the index, the log and the folder', async () => {
    const source = path.resolve(import.meta.dirname, '../../src/authority/authority.ts');
    writeFileSync(
      script,
      `import { openAuthority } from ${JSON.stringify(source)};
       const [folder, passphrase] = process.argv.slice(2);
       const authority = await openAuthority({ folder, passphrase });
       for (let i = 0; i < 5; i += 1) {
         const subject = { commonName: 'tiến trình ' + process.pid + ' ' + i };
         const { certificate } = await authority.issue({ subject, use: 'node' });
         await authority.revoke(certificate.serialNumber, 'superseded');
       }`,
    );
    const before = authority.list().length;
    const run = promisify(execFile);
    const jobs = [1, 2, 3].map(() => run(process.execPath, [script, folder, passphrase]));
    const own = Array.from({ length: 5 }, () => authority.issue({ subject, use: 'node' }));
    await Promise.all([...jobs, ...own]);
    const issued = authority.list().slice(before);
    expect(issued).toHaveLength(20);
    expect(new Set(issued.map(({ serialNumber }) => serialNumber)).size).toBe(20);
    expect(issued.filter(({ revoked }) => revoked)).toHaveLength(15);
    const crl = parseCrl(authority.crl());
    for (const { serialNumber, revoked } of issued) {
      const entry = crl.find(authority.issuingCertificate.subject.key, serialNumber);
      expect(entry !== undefined).toBe(revoked !== undefined);
      expect(audit().some((line) => line.includes(serialNumber))).toBe(true);
    }
  });

  it('survive a kill at any moment: what was handed out is in the index', async () => {
    for (const waitMs of [400, 600, 800]) {
      const job = spawn(process.execPath, [script, folder, passphrase]);
      const exited = once(job, 'exit'); // on a quick machine it ends before it is killed
      await setTimeout(waitMs);
      job.kill('SIGKILL');
      await exited;
      const known = new Set(authority.list().map(({ serialNumber }) => serialNumber));
      const files = readdirSync(path.join(folder, AUTHORITY_FILES.issued));
      const handedOut = files.filter((file) => file.endsWith('.crt'));
      expect(handedOut.filter((file) => !known.has(file.slice(0, -4)))).toEqual([]);
      const { certificate } = await authority.issue({ subject, use: 'node' });
      expect(opensslVerify(certificate.der)).toContain('OK');
    }
  });

  it('take over from one that was killed while it held the lock', async () => {
    const locked = readdirSync(folder).find((file) => file.startsWith('lock.')) ?? 'lock.1';
    const next = `lock.${Number(locked.slice(5)) + 1}`;
    const dead = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
    const host = execFileSync(process.execPath, ['-p', 'os.hostname()'], { encoding: 'utf8' });
    writeFileSync(path.join(folder, next), `${dead} ${host.trim()}`);
    await expect(authority.issue({ subject, use: 'node' })).resolves.toBeDefined();
    expect(readdirSync(folder).filter((file) => /^lock\.\d+$/.test(file))).toHaveLength(1);
  });
});
