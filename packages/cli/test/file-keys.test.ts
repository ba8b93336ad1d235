import { mkdir, writeFile } from 'node:fs/promises';

import {
  type TestPki,
  type TestSigner,
  createTestPki,
  startTestSigningService,
} from '@congvan/signer/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { execCli } from './run-cli.ts';
import { SOFT_HSM_MODULE, createToken } from './soft-hsm.ts';
import { createTown, type Town, writePdf } from './town.ts';

const PIN = '246813';

describe('file sign with keys elsewhere', () => {
  let town: Town;
  let pki: TestPki;
  let signer: TestSigner;
  let pdf: string;

  beforeAll(async () => {
    town = await createTown();
    pki = await createTestPki();
    signer = await pki.issue({ commonName: 'UBND xã Hải Lăng', algorithm: 'rsa-2048' });
    pdf = await writePdf(town.path('plain.pdf'));
    for (const [folder, name, bytes] of [
      ['anchors', 'root.crt', pki.root.der],
      ['crls', 'root.crl', pki.rootCrl().der],
      ['crls', 'issuing.crl', pki.crl().der],
      ['intermediates', 'issuing.crt', pki.issuing.der],
    ] as const) {
      await mkdir(town.path('trust', folder), { recursive: true });
      await writeFile(town.path('trust', folder, name), bytes);
    }
    await writeFile(town.path('pin'), `${PIN}\n`, { mode: 0o600 });
    await writeFile(town.path('wrong-pin'), '000000\n', { mode: 0o600 });
  });
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });
  const expectSigned = async (file: string): Promise<void> => {
    const outcome = await town.run(['file', 'verify', file, '--trust', town.path('trust')]);
    expect(outcome.out).toContain('TOTAL-PASSED');
    expect(outcome.code).toBe(0);
  };

  it.skipIf(SOFT_HSM_MODULE === undefined)(
    'signs with a token; a passphrase never serves as its PIN (needs softhsm2)',
    async () => {
      using token = createToken('VGCA', PIN, 'con-dau', signer);
      const env = { ...token.env, CONGVAN_PASSPHRASE: 'một mật khẩu dài' };
      const args = ['file', 'sign', pdf, '--token', token.module, '--token-label', 'VGCA'];
      const without = await execCli([...args, '--out', town.path('no.pdf')], env);
      expect(without.code).toBe(8);
      expect(without.err).toContain("'VGCA'");
      const wrong = await execCli(
        [...args, '--out', town.path('no.pdf'), '--pin-file', town.path('wrong-pin')],
        env,
      );
      expect(wrong).toMatchObject({ code: 8 });
      const out = town.path('token.pdf');
      const right = await execCli(
        [...args, '--out', out, '--key-label', 'con-dau', '--pin-file', town.path('pin')],
        env,
      );
      if (right.code !== 0) throw new Error(right.err);
      await expectSigned(out);
    },
    30_000,
  );

  it('signs with a remote key, and names what the service refuses', async () => {
    await using service = await startTestSigningService({
      credentials: [{ id: 'GX01', signer, pin: PIN }],
    });
    await writeFile(town.path('access'), service.accessToken, { mode: 0o600 });
    await writeFile(town.path('old-access'), 'expired', { mode: 0o600 });
    const out = town.path('remote.pdf');
    const args = ['file', 'sign', pdf, '--out', out, '--remote', service.baseUrl];
    const pin = ['--pin-file', town.path('pin')];
    const incomplete = await town.run([...args, ...pin]);
    expect(incomplete.code).toBe(2);
    const key = ['--credential', 'GX01', '--access-token-file'];
    const refused = await town.run([...args, ...pin, ...key, town.path('old-access')]);
    expect(refused.code).toBe(8);
    expect(refused.err).not.toContain('expired\n');
    const wrong = await town.run([
      ...args,
      ...key,
      town.path('access'),
      '--pin-file',
      town.path('wrong-pin'),
    ]);
    expect(wrong.code).toBe(6);
    expect(wrong.err).not.toContain('000000');
    await town.json([...args, ...pin, ...key, town.path('access')]);
    await expectSigned(out);
  });

  it('takes one key at a time', async () => {
    const both = await town.run([
      'file',
      'sign',
      pdf,
      '--p12',
      'a.p12',
      '--token',
      'b.so',
      '--out',
      town.path('x.pdf'),
    ]);
    expect(both.code).toBe(2);
  });
});
