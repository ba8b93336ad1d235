import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import { encodeTimeStampRequest } from '../../src/tsp/request.ts';
import { readTimeStampResponse } from '../../src/tsp/status.ts';
import { verifyTimeStamp } from '../../src/tsp/verify.ts';
import type { HashName } from '../../src/x509/algorithm.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('tsp');
const file = (name: string): string => path.join(folder, name);
const content = Buffer.from('Quyết định số 12/QĐ-UBND');
const digest = (name: HashName): Uint8Array => hash(name, content, 'buffer');
const policy = '1.3.6.1.4.1.99999.1.1';
const now = new Date();

const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });

let pki: TestPki;
let tsa: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  tsa = await pki.issue({ commonName: 'Dịch vụ cấp dấu thời gian', use: 'tsa' });
  writeFileSync(file('content'), content);
  writeFileSync(file('root.pem'), encodePem('CERTIFICATE', pki.root.der));
  writeFileSync(file('issuing.pem'), encodePem('CERTIFICATE', pki.issuing.der));
  writeFileSync(file('tsa.pem'), encodePem('CERTIFICATE', tsa.certificate.der));
  writeFileSync(file('tsa.key'), tsa.keys.privateKey.export({ format: 'pem', type: 'pkcs8' }));
});

const VERIFY = ['ts', '-verify', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem'];

describe('OpenSSL and our time-stamping authority', () => {
  it.each(['rsa-2048', 'ec-p256', 'ec-p384'] as const)(
    'OpenSSL verifies our tokens and replies: %s',
    async (algorithm) => {
      const signer = await pki.issue({ commonName: 'TSA', use: 'tsa', algorithm });
      const authority = createTimeStampAuthority({
        signer,
        policy,
        now: () => now,
        accuracyMs: 1_500,
      });
      writeFileSync(file('token'), await authority.source.timeStamp(digest('sha256'), 'sha256'));
      expect(openssl(...VERIFY, '-data', 'content', '-in', 'token', '-token_in')).toContain(
        'Verification: OK',
      );
      openssl('ts', '-query', '-data', 'content', '-sha512', '-cert', '-out', 'query');
      writeFileSync(file('reply'), await authority.answer(readFileSync(file('query'))));
      expect(openssl(...VERIFY, '-queryfile', 'query', '-in', 'reply')).toContain(
        'Verification: OK',
      );
      expect(openssl('ts', '-reply', '-in', 'reply', '-text')).toContain(
        'Accuracy: 0x01 seconds, 0x01F4 millis',
      );
    },
  );

  it('OpenSSL is answered without certificates when it asks for none', async () => {
    const authority = createTimeStampAuthority({ signer: tsa, policy, now: () => now });
    openssl('ts', '-query', '-data', 'content', '-sha256', '-no_nonce', '-out', 'query');
    writeFileSync(file('reply'), await authority.answer(readFileSync(file('query'))));
    const chain = [readFileSync(file('issuing.pem')), readFileSync(file('tsa.pem'))];
    writeFileSync(file('chain.pem'), chain.join(''));
    const verify = ['ts', '-verify', '-CAfile', 'root.pem', '-queryfile', 'query', '-in', 'reply'];
    expect(openssl(...verify, '-untrusted', 'chain.pem')).toContain('Verification: OK');
    expect(() => openssl(...verify, '-untrusted', 'issuing.pem')).toThrow(
      'signer certificate not found',
    );
  });

  it('OpenSSL reads our queries', () => {
    const nonce = Uint8Array.of(0x7f, 1, 2, 3);
    const query = encodeTimeStampRequest({
      hash: 'sha384',
      imprint: digest('sha384'),
      policy,
      nonce,
    });
    writeFileSync(file('query'), query);
    const text = openssl('ts', '-query', '-in', 'query', '-text');
    expect(text).toContain('Hash Algorithm: sha384');
    expect(text).toContain(`Policy OID: ${policy}`);
    expect(text).toContain('Nonce: 0x7F010203');
    expect(text).toContain('Certificate required: yes');
  });

  it('OpenSSL reads the reason when we refuse', async () => {
    const authority = createTimeStampAuthority({ signer: tsa, policy, now: () => now });
    openssl('ts', '-query', '-data', 'content', '-sha256', '-tspolicy', '1.2.3.4', '-out', 'query');
    writeFileSync(file('reply'), await authority.answer(readFileSync(file('query'))));
    const text = openssl('ts', '-reply', '-in', 'reply', '-text');
    expect(text).toContain('Status: Rejected.');
    expect(text).toContain('the requested TSA policy is not supported');
  });
});

describe('OpenSSL as time-stamping authority', () => {
  const configure = (...lines: readonly string[]): void =>
    writeFileSync(
      file('tsa.cnf'),
      [
        '[tsa]\ndefault_tsa = tsa1\n[tsa1]',
        `dir = ${folder}\nserial = $dir/serial\ncrypto_device = builtin`,
        'signer_cert = $dir/tsa.pem\ncerts = $dir/issuing.pem\nsigner_key = $dir/tsa.key',
        `default_policy = ${policy}\ndigests = sha256, sha384, sha512\nsigner_digest = sha256`,
        'accuracy = secs:1, millisecs:500, microsecs:100\nclock_precision_digits = 0',
        ...lines,
      ].join('\n'),
    );
  const reply = (): Uint8Array => {
    openssl('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'reply');
    const { token } = readTimeStampResponse(readFileSync(file('reply')));
    if (token === undefined) throw new Error('no token');
    return token;
  };

  it.each([
    ['sha256', 'ordering = yes\ntsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256'],
    ['sha384', 'ordering = no\ness_cert_id_chain = yes\ness_cert_id_alg = sha384'],
    ['sha512', 'ordering = no\ness_cert_id_chain = yes\ness_cert_id_alg = sha1'],
  ] as const)('we verify its tokens: %s', (name, lines) => {
    configure(lines);
    writeFileSync(file('query'), encodeTimeStampRequest({ hash: name, imprint: digest(name) }));
    const token = reply();
    const verdict = verifyTimeStamp({ token, digest, trust: pki.trust(), at: new Date() });
    expect(verdict).toMatchObject({
      indication: 'TOTAL-PASSED',
      certificate: tsa.certificate,
      token: { policy, accuracyMs: 1_501, ordering: name === 'sha256', hash: name },
    });
  });
});
