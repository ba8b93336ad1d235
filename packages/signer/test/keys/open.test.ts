import { expect, it } from 'vitest';

import { openSigner, signCms, verifyCms, writePkcs12 } from '../../src/index.ts';
import { createTestPki, startTestSigningService } from '../../src/testing/index.ts';
import { rejection } from '../support/rejection.ts';
import { SoftHsm, objectOf, reasonWithoutToken } from './soft-hsm.ts';

const content = Buffer.from('Quyết định số 30/2026/QĐ-UBND');
const pki = await createTestPki();
const key = await pki.issue({ commonName: 'Con dấu', algorithm: 'ec-p256' });

it('opens a P12 file', async () => {
  const p12 = writePkcs12({
    privateKey: key.keys.privateKey,
    certificate: key.certificate,
    chain: [pki.issuing],
    friendlyName: 'Con dấu',
    passphrase: 'bí mật',
    iterations: 1_000,
  });
  await using signer = await openSigner({ kind: 'p12', p12, passphrase: async () => 'bí mật' });
  const cms = await signCms({ content }, signer);
  expect(verifyCms({ cms, content })).toMatchObject({ indication: 'TOTAL-PASSED' });
  const wrong = openSigner({ kind: 'p12', p12, passphrase: async () => 'khác' });
  expect(await rejection(wrong)).toMatch(/^SIGNER_P12_PASSPHRASE_WRONG: /);
});

const missing = reasonWithoutToken();

it.skipIf(missing !== undefined)(
  `opens a token${missing === undefined ? '' : `: ${missing}`}`,
  async () => {
    using hsm = new SoftHsm();
    const serialNumber = hsm.createToken('one', '123456', [objectOf('k', 'a1', key)]);
    const { module } = hsm;
    const pin = async () => '123456';
    await using signer = await openSigner({ kind: 'token', module, serialNumber, pin });
    const cms = await signCms({ content }, signer);
    expect(verifyCms({ cms, content, candidates: [pki.issuing] }).indication).toBe('TOTAL-PASSED');
  },
);

it('opens a key in a signing service', async () => {
  await using service = await startTestSigningService({
    credentials: [{ id: 'seal', signer: key, pin: '123456' }],
  });
  await using signer = await openSigner({
    kind: 'remote',
    baseUrl: service.baseUrl,
    accessToken: async () => service.accessToken,
    credentialId: 'seal',
    pin: async () => '123456',
  });
  const cms = await signCms({ content }, signer);
  expect(verifyCms({ cms, content })).toMatchObject({ indication: 'TOTAL-PASSED' });
});
