import type { KeyAlgorithm } from '../../src/keys/generate.ts';
import { type Decryptor, createKeyDecryptor } from '../../src/seal/decryptor.ts';
import { type TestPki, createTestPki } from '../../src/testing/test-pki.ts';
import { encodePem } from '../../src/x509/pem.ts';
import type { Certificate } from '../../src/x509/certificate.ts';

/** An agency that can receive. */
export interface Party {
  readonly certificate: Certificate;
  readonly decryptor: Decryptor;
  readonly certificatePem: Buffer;
  readonly keyPem: Buffer;
}

export async function createParty(
  pki: TestPki,
  commonName: string,
  algorithm: KeyAlgorithm,
): Promise<Party> {
  const { certificate, keys } = await pki.issue({ commonName, use: 'encryption', algorithm });
  return {
    certificate,
    decryptor: createKeyDecryptor({ privateKey: keys.privateKey, certificate }),
    certificatePem: Buffer.from(encodePem('CERTIFICATE', certificate.der)),
    keyPem: Buffer.from(keys.privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
}

/** One party for each kind of key. */
export async function createParties(): Promise<{
  rsa: Party;
  p256: Party;
  p384: Party;
  pki: TestPki;
}> {
  const pki = await createTestPki();
  const [rsa, p256, p384] = await Promise.all([
    createParty(pki, 'Xã Hải Lăng', 'rsa-2048'),
    createParty(pki, 'Sở Nội vụ', 'ec-p256'),
    createParty(pki, 'Bộ Nội vụ', 'ec-p384'),
  ]);
  return { rsa, p256, p384, pki };
}

/** All bytes of a stream. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
