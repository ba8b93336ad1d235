import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { createAuthority } from '../../src/authority/create.ts';
import type { Authority } from '../../src/authority/authority.ts';
import { startAuthorityService } from '../../src/authority/service.ts';
import {
  type Certificate,
  type ValidationData,
  collectValidationData,
  createTrustStore,
  validatePath,
} from '../../src/index.ts';
import type { RunningService } from '../../src/http/server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'signer-collect-'));
let authority: Authority;
let service: RunningService;

beforeAll(async () => {
  const port = await freePort();
  authority = await createAuthority({
    folder: path.join(folder, 'ca'),
    passphrase: 'một cụm mật khẩu dài',
    name: { country: 'VN', organization: 'Tỉnh Quảng Trị', commonName: 'CA tỉnh Quảng Trị' },
    algorithm: 'ec-p256',
    baseUrl: `http://127.0.0.1:${port}`,
  });
  service = await startAuthorityService({ authority, port });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const issue = async (): Promise<Certificate> => {
  const subject = { country: 'VN', organization: 'UBND xã Hải Lăng', commonName: 'Hải Lăng' };
  return (await authority.issue({ subject, use: 'node' })).certificate;
};

/** Collects with the root alone, and judges with the root and what was collected. */
async function collectAndJudge(certificate: Certificate): Promise<[string, ValidationData]> {
  const trust = createTrustStore({ anchors: [authority.rootCertificate] });
  const at = new Date();
  const failures: string[] = [];
  const onFailure = ({ message }: { readonly message: string }): number => failures.push(message);
  const options = { trust, at, online: true, onFailure };
  const data = await collectValidationData([certificate], options);
  expect(failures).toEqual([]);
  const verdict = validatePath(certificate, { trust, at, data, revocation: 'require' });
  return [verdict.subIndication ?? verdict.indication, data];
}

it('an anchor is all one needs to validate a certificate of our own authority', async () => {
  const [verdict, data] = await collectAndJudge(await issue());
  expect(verdict).toBe('TOTAL-PASSED');
  expect(data.ocsps).toHaveLength(1); // the certificate's own state
  expect(data.crls).toHaveLength(1); // that of the issuing CA, from the root
  expect(data.certificates).toContain(authority.issuingCertificate);
});

it('a revocation is known as soon as it is made', async () => {
  const certificate = await issue();
  await authority.revoke(certificate.serialNumber, 'keyCompromise');
  expect((await collectAndJudge(certificate))[0]).toBe('REVOKED');
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new TypeError('no port'));
      });
    });
  });
}
