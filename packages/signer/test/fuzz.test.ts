import { beforeAll, describe, expect, it } from 'vitest';

import {
  SignerError,
  openPkcs12,
  parseCertificate,
  parseCrl,
  signCms,
  verifyDetached,
  writePkcs12,
} from '../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../src/testing/index.ts';

const content = Buffer.from('nội dung');
const at = new Date('2026-03-01T00:00:00Z');

let pki: TestPki;
let signer: TestSigner;
let cms: Uint8Array;

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'Nút thử', use: 'node' });
  await pki.revoke((await pki.issue({ commonName: 'Cũ', use: 'node' })).certificate);
  cms = await signCms({ content }, signer);
});

/** Small, repeatable generator (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Flips, overwrites, cuts, doubles and swaps bytes; tags and lengths get odd values often. */
function* mutations(original: Uint8Array, count: number): Generator<Uint8Array> {
  const random = generator(42);
  const pick = (limit: number): number => Math.floor(random() * limit);
  const oddBytes = [0x00, 0x1f, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0x88, 0xa0, 0xff];
  for (let i = 0; i < count; i += 1) {
    let bytes = Buffer.from(original);
    for (let changes = 1 + pick(3); changes > 0; changes -= 1) {
      const offset = pick(bytes.length);
      const kind = pick(5);
      if (kind === 0) bytes[offset] = (bytes[offset] ?? 0) ^ (1 << pick(8));
      else if (kind === 1) bytes[offset] = oddBytes[pick(oddBytes.length)] ?? 0;
      else if (kind === 2) bytes = bytes.subarray(0, Math.max(1, offset));
      else if (kind === 3) {
        const part = bytes.subarray(offset, offset + 1 + pick(60));
        bytes = Buffer.concat([bytes.subarray(0, offset), part, bytes.subarray(offset)]);
      } else
        bytes.set(
          bytes
            .subarray(pick(bytes.length))
            .subarray(0, 8 + pick(20))
            .subarray(0, bytes.length - offset),
          offset,
        );
    }
    yield bytes;
  }
}

/** Runs the work; anything but a SignerError is a finding. Returns whether it went through. */
function tolerate(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return false;
  }
}

describe('hostile input never does more than fail', () => {
  it('certificates', () => {
    for (const der of mutations(signer.certificate.der, 6_000)) {
      tolerate(() => {
        const certificate = parseCertificate(der);
        expect(certificate.publicKey.type).toBe('public');
      });
    }
  });

  it('revocation lists', () => {
    let readCount = 0;
    for (const der of mutations(pki.crl().der, 6_000)) {
      if (tolerate(() => parseCrl(der))) readCount += 1;
    }
    // Names, numbers and the signature may hold anything: only the form is checked when parsing.
    expect(readCount).toBeLessThan(4_500);
  });

  it('messages: none that differs in what is signed passes', () => {
    const trust = pki.trust();
    const passed: Uint8Array[] = [];
    for (const bytes of mutations(cms, 6_000)) {
      const verdict = verifyDetached({ cms: bytes, content, trust, at });
      if (verdict.indication === 'TOTAL-PASSED') passed.push(bytes);
    }
    // Outside of what is signed a message has freedom: other certificates, lengths in BER.
    for (const bytes of passed) {
      const verdict = verifyDetached({ cms: bytes, content, trust, at });
      expect(verdict.certificate?.sha256).toBe(signer.certificate.sha256);
      const wrong = verifyDetached({ cms: bytes, content: Buffer.from('x'), trust, at });
      expect(wrong.subIndication).toBe('HASH_FAILURE');
    }
    expect(passed.length).toBeLessThan(600);
  });

  it('key files', () => {
    const { certificate, chain, keys } = signer;
    const input = { certificate, chain, privateKey: keys.privateKey, friendlyName: 'x' };
    const p12 = writePkcs12({ ...input, passphrase: 'mật khẩu' });
    let openCount = 0;
    for (const bytes of mutations(p12, 25)) {
      if (tolerate(() => openPkcs12(bytes, 'mật khẩu'))) openCount += 1;
    }
    expect(openCount).toBeLessThan(10);
  });

  it('nothing at all, and noise', () => {
    const random = generator(7);
    for (let i = 0; i < 2_000; i += 1) {
      const noise = Buffer.from(Array.from({ length: i % 80 }, () => Math.floor(random() * 256)));
      tolerate(() => parseCertificate(noise));
      tolerate(() => parseCrl(noise));
      tolerate(() => openPkcs12(noise, ''));
      const verdict = verifyDetached({ cms: noise, content, trust: pki.trust(), at });
      expect(verdict.subIndication).toBe('FORMAT_FAILURE');
    }
  });
});
