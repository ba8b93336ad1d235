import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { createKeyDecryptor } from '../../src/seal/decryptor.ts';
import { createTestPki } from '../../src/testing/index.ts';
import type { SignatureScheme } from '../../src/x509/algorithm.ts';
import { importPublicKey, verifyRaw } from '../../src/x509/public-key.ts';

const folder = path.resolve(import.meta.dirname, '../../../../../shared/vectors/wycheproof');

interface Vectors {
  readonly testGroups: readonly {
    readonly publicKeyDer: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid' | 'acceptable';
    }[];
  }[];
}

interface OaepVectors {
  readonly testGroups: readonly {
    readonly privateKeyPkcs8: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly ct: string;
      readonly label: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const files: readonly (readonly [string, SignatureScheme])[] = [
  ['rsa_signature_2048_sha256_test.json', { family: 'rsa-pkcs1', hash: 'sha256' }],
  ['rsa_signature_3072_sha256_test.json', { family: 'rsa-pkcs1', hash: 'sha256' }],
  ['rsa_pss_2048_sha256_mgf1_32_test.json', { family: 'rsa-pss', hash: 'sha256', saltBytes: 32 }],
  ['ecdsa_secp256r1_sha256_test.json', { family: 'ecdsa', hash: 'sha256' }],
  ['ed25519_test.json', { family: 'ed25519', hash: 'sha512' }],
];

describe.skipIf(!existsSync(folder))('Wycheproof (needs ../shared/vectors/wycheproof)', () => {
  it.each(files)('%s: every signature is judged right', (file, scheme) => {
    const vectors = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Vectors;
    const wrong: number[] = [];
    let count = 0;
    for (const { publicKeyDer, tests } of vectors.testGroups) {
      const der = Buffer.from(publicKeyDer, 'hex');
      const key = importPublicKey(der);
      for (const { tcId, msg, sig, result } of tests) {
        count += 1;
        const accepted = verifyRaw(scheme, key, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'));
        if (result !== 'acceptable' && accepted !== (result === 'valid')) wrong.push(tcId);
      }
    }
    expect(count).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it('rsa_oaep_2048_sha256_mgf1sha256_test.json: only what is right is opened', async () => {
    const name = 'rsa_oaep_2048_sha256_mgf1sha256_test.json';
    const vectors = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as OaepVectors;
    const pki = await createTestPki();
    const wrong: number[] = [];
    let count = 0;
    for (const { privateKeyPkcs8, tests } of vectors.testGroups) {
      const der = Buffer.from(privateKeyPkcs8, 'hex');
      const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      const keys = { privateKey, publicKey: createPublicKey(privateKey) };
      const { certificate } = await pki.issue({ commonName: 'OAEP', use: 'encryption', keys });
      const { unwrap } = createKeyDecryptor({ privateKey, certificate });
      for (const { tcId, ct, msg, label, result } of tests) {
        count += 1;
        const opened = await unwrap?.(Buffer.from(ct, 'hex'), 'sha256').then(
          (bytes) => Buffer.from(bytes).toString('hex'),
          () => undefined,
        );
        // Labels are not used here: what has one must not open.
        const expected = result === 'valid' && label === '' ? msg : undefined;
        if (opened !== expected) wrong.push(tcId);
      }
    }
    expect(count).toBeGreaterThan(30);
    expect(wrong).toEqual([]);
  });
});
