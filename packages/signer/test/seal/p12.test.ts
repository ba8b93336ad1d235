import { expect, it } from 'vitest';

import { openPkcs12Decryptor } from '../../src/keys/pkcs12/read.ts';
import { writePkcs12 } from '../../src/keys/pkcs12/write.ts';
import { openSealed, sealBytes } from '../../src/seal/seal.ts';
import { createTestPki } from '../../src/testing/test-pki.ts';

it.each(['rsa-2048', 'ec-p384'] as const)(
  'what is sealed is opened with a key file (%s)',
  async (algorithm) => {
    const pki = await createTestPki();
    const { certificate, chain, keys } = await pki.issue({
      commonName: 'Sở Nội vụ',
      use: 'encryption',
      algorithm,
    });
    const { privateKey } = keys;
    const passphrase = 'mật khẩu';
    const p12 = writePkcs12({ certificate, chain, privateKey, friendlyName: 'x', passphrase });
    const sealed = sealBytes(Buffer.from('nội dung'), { recipients: [certificate] });
    const decryptor = openPkcs12Decryptor(p12, passphrase);
    const { content } = await openSealed(sealed, { decryptor });
    expect(Buffer.from(content).toString()).toBe('nội dung');
    expect(() => openPkcs12Decryptor(p12, 'sai')).toThrow(
      expect.objectContaining({ code: 'SIGNER_P12_PASSPHRASE_WRONG' }),
    );
  },
);
