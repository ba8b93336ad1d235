import { buildCertificate, randomSerial } from '../../src/authority/build.ts';
import { encodeName } from '../../src/authority/profile.ts';
import { type KeyAlgorithm, type KeyPair, generateKeys } from '../../src/keys/generate.ts';
import { createKeySigner } from '../../src/keys/signer.ts';
import type { TestPki, TestSigner } from '../../src/testing/test-pki.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';

/** A signer below the issuing CA whose certificate has just these extensions, beside key identifiers. */
export async function issueOdd(
  pki: TestPki,
  extensions: readonly Uint8Array[],
  options: {
    readonly commonName?: string;
    readonly algorithm?: KeyAlgorithm;
    readonly keys?: KeyPair;
    readonly notBefore?: Date;
    readonly notAfter?: Date;
  } = {},
): Promise<TestSigner> {
  const keys = options.keys ?? (await generateKeys(options.algorithm ?? 'ec-p256'));
  const content = {
    subjectDer: encodeName({ commonName: options.commonName ?? 'Chứng thư lạ' }),
    publicKey: keys.publicKey,
    serial: randomSerial(),
    extensions,
    notBefore: options.notBefore ?? new Date('2025-01-01T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2027-01-01T00:00:00Z'),
  };
  const certificate = parseCertificate(await buildCertificate(content, pki.issuingKey));
  const { privateKey } = keys;
  return { ...createKeySigner({ privateKey, certificate, chain: [pki.issuing] }), keys };
}
