import { execFileSync } from 'node:child_process';
import { createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  OID,
  encodeExplicit,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  readDer,
} from '../../src/der/index.ts';
import {
  type OpenPkcs12Options,
  SignerError,
  decodePem,
  encodePem,
  openPkcs12,
  parseCertificate,
  writePkcs12,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'signer-p12-kinds-'));
const PASSPHRASE = 'Mật khẩu của Ủy ban: Đường 9';
const file = (name: string) => path.join(folder, name);
const openssl = (...args: string[]): Buffer =>
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

let pki: TestPki;
let rsa: TestSigner;
let p256: TestSigner;
let ed25519: TestSigner;

beforeAll(async () => {
  pki = await createTestPki();
  rsa = await pki.issue({ commonName: 'Con dấu xã Hải Lăng', algorithm: 'rsa-2048' });
  p256 = await pki.issue({ commonName: 'Văn thư xã Hải Lăng', algorithm: 'ec-p256' });
  ed25519 = await pki.issue({ commonName: 'Ed25519', algorithm: 'ed25519' });
  for (const [name, signer] of Object.entries({ rsa, p256, ed25519 })) {
    const chain = [signer.certificate, pki.issuing].map(({ der }) => encodePem('CERTIFICATE', der));
    writeFileSync(file(`${name}.pem`), [pemOf(signer), ...chain].join(''));
  }
  // node-forge reads ASCII names and RSA only.
  const names = ['-subj', '/CN=Hai Lang', '-keyout', 'forge.key', '-out', 'forge.crt'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', ...names);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pemOf = ({ keys }: TestSigner): string =>
  keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

const outcome = (p12: Uint8Array, passphrase: string, options?: OpenPkcs12Options): string => {
  try {
    return openPkcs12(p12, passphrase, options).certificate.sha256;
  } catch (error) {
    return error instanceof SignerError
      ? `${error.code}: ${error.message}`
      : `foreign: ${String(error)}`;
  }
};

const exportWith = (name: string, passphrase: string, options: readonly string[]): Uint8Array => {
  const io = ['-in', `${name}.pem`, '-out', 'out.p12', '-passout', `pass:${passphrase}`];
  openssl('pkcs12', '-export', ...io, ...options);
  return readFileSync(file('out.p12'));
};

describe('files of openssl pkcs12 -export', () => {
  it.each([
    [
      'keys in AES-128, certificates in AES-192',
      ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC'],
    ],
    ['certificates in the clear', ['-certpbe', 'NONE']],
    ['keys in the clear, below the MAC', ['-keypbe', 'NONE']],
    ['everything in the clear, below the MAC', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['integrity by SHA-384', ['-macalg', 'sha384']],
    ['integrity by SHA-512', ['-macalg', 'sha512']],
    ['integrity by SHA-1', ['-macalg', 'sha1']],
    ['one iteration', ['-iter', '1', '-maciter']],
    ['no iterations of the MAC', ['-nomaciter']],
    ['names', ['-name', 'Con dấu số', '-caname', 'CA cấp phát']],
    [
      'the name of a key provider',
      ['-CSP', 'Microsoft Enhanced Cryptographic Provider v1.0', '-LMK'],
    ],
    ['for signatures', ['-keysig']],
    ['triple DES', ['-descert', '-keypbe', 'PBE-SHA1-3DES', '-legacy']],
    ['double DES', ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES', '-legacy']],
    ['RC2 of 128 bits', ['-certpbe', 'PBE-SHA1-RC2-128', '-legacy']],
    ['no MAC', ['-nomac']],
  ])('are opened: %s', (_, options) => {
    for (const [name, signer] of [
      ['rsa', rsa],
      ['p256', p256],
    ] as const) {
      const p12 = exportWith(name, 'bí mật', options);
      const opened = openPkcs12(p12, 'bí mật');
      expect(opened.certificate.sha256).toBe(signer.certificate.sha256);
      expect(opened.chain).toEqual([pki.issuing]);
      expect(outcome(p12, 'bi mat')).toMatch(/^SIGNER_P12_PASSPHRASE_WRONG: /);
    }
  });

  it('are opened with an Ed25519 key', () => {
    expect(outcome(exportWith('ed25519', 'x', []), 'x')).toBe(ed25519.certificate.sha256);
  });

  it('are refused with neither integrity check nor encryption', () => {
    const p12 = exportWith('p256', 'x', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE']);
    expect(outcome(p12, 'x')).toMatch(/^SIGNER_P12_UNSUPPORTED: .*neither/);
  });

  it('are refused by name with a cipher that is not known', () => {
    const p12 = exportWith('p256', 'x', ['-keypbe', 'PBE-SHA1-RC4-128', '-legacy']);
    expect(outcome(p12, 'x')).toMatch(/^SIGNER_P12_UNSUPPORTED: .*1\.2\.840\.113549\.1\.12\.1\.1/);
  });
});

describe('a Vietnamese passphrase', () => {
  it.each(['NFC', 'NFD'] as const)(
    'opens a file made with its %s form, however it is typed',
    (form) => {
      for (const options of [[], ['-legacy'], ['-nomac']]) {
        const p12 = exportWith('p256', PASSPHRASE.normalize(form), options);
        for (const typed of ['NFC', 'NFD']) {
          expect(outcome(p12, PASSPHRASE.normalize(typed))).toBe(p256.certificate.sha256);
        }
      }
    },
  );

  it('opens a file of a program that took each byte for a letter', () => {
    const bytes = Buffer.from(PASSPHRASE, 'utf8').toString('latin1');
    expect(outcome(forgeFile(bytes, '3des'), PASSPHRASE)).toBe(forgeCertificate());
  });
});

/** What @signpdf's users have: files of node-forge. */
function forgeFile(passphrase: string, algorithm: 'aes128' | 'aes256' | '3des'): Uint8Array {
  const key = forge.pki.privateKeyFromPem(readFileSync(file('forge.key'), 'latin1'));
  const certificate = forge.pki.certificateFromPem(readFileSync(file('forge.crt'), 'latin1'));
  const options = { algorithm, friendlyName: 'seal' };
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, [certificate], passphrase, options);
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
}

const forgeCertificate = (): string => {
  const [der] = decodePem(readFileSync(file('forge.crt'), 'latin1'), 'CERTIFICATE');
  return parseCertificate(der ?? new Uint8Array(0)).sha256;
};

it.each(['aes128', 'aes256', '3des'] as const)(
  'files of node-forge are opened: %s',
  (algorithm) => {
    const p12 = forgeFile('secret', algorithm);
    expect(outcome(p12, 'secret')).toBe(forgeCertificate());
    expect(outcome(p12, 'Secret')).toMatch(/^SIGNER_P12_PASSPHRASE_WRONG: /);
  },
);

/** Replaces the MAC of a file by PBMAC1 (RFC 9579), computed here from the text of the RFC. */
function withPbmac1(
  p12: Uint8Array,
  passphrase: string,
  { keyBytes = 32, hmac = 'sha256' }: { keyBytes?: number | null; hmac?: string } = {},
): Uint8Array {
  const [version, authSafe] = readDer(p12).children();
  if (version === undefined || authSafe === undefined) throw new Error('no PFX');
  const content = authSafe.children()[1]?.children()[0]?.content ?? new Uint8Array(0);
  const salt = randomBytes(8);
  const key = pbkdf2Sync(passphrase, salt, 2_048, keyBytes ?? 32, 'sha256');
  const sha256 = encodeSequence(encodeOid(OID.hmacWithSHA256), encodeNull());
  const hmacOid = hmac === 'sha256' ? OID.hmacWithSHA256 : OID.hmacWithSHA512;
  const kdf = encodeSequence(
    encodeOid(OID.pbkdf2),
    encodeSequence(
      encodeOctetString(salt),
      encodeInteger(2_048),
      keyBytes === null ? new Uint8Array(0) : encodeInteger(keyBytes),
      sha256,
    ),
  );
  const algorithm = encodeSequence(
    encodeOid('1.2.840.113549.1.5.14'),
    encodeSequence(kdf, encodeSequence(encodeOid(hmacOid), encodeNull())),
  );
  const mac = createHmac(hmac, key).update(content).digest();
  return encodeSequence(
    version.raw,
    authSafe.raw,
    encodeSequence(
      encodeSequence(algorithm, encodeOctetString(mac)),
      encodeOctetString(Buffer.from('NOT USED')),
      encodeInteger(1),
    ),
  );
}

describe('integrity by PBMAC1', () => {
  const plain = (): Uint8Array =>
    writePkcs12({
      privateKey: p256.keys.privateKey,
      certificate: p256.certificate,
      chain: [pki.issuing],
      friendlyName: 'Con dấu số',
      passphrase: PASSPHRASE,
      iterations: 1_000,
    });

  it('is checked, with HMAC-SHA-256 and with HMAC-SHA-512', () => {
    for (const hmac of ['sha256', 'sha512']) {
      const p12 = withPbmac1(plain(), PASSPHRASE, { hmac });
      expect(outcome(p12, PASSPHRASE)).toBe(p256.certificate.sha256);
      expect(outcome(p12, 'khác')).toMatch(/^SIGNER_P12_PASSPHRASE_WRONG: /);
      const changed = Uint8Array.from(p12);
      changed[200] = (changed[200] ?? 0) ^ 1;
      expect(outcome(changed, PASSPHRASE)).not.toBe(p256.certificate.sha256);
    }
  });

  it('is refused with a short key, and with one of unknown length', () => {
    for (const keyBytes of [19, null]) {
      const p12 = withPbmac1(plain(), PASSPHRASE, { keyBytes });
      expect(outcome(p12, PASSPHRASE)).toMatch(/^SIGNER_P12_UNSUPPORTED: .*integrity key/);
    }
  });
});

describe('a file with several keys', () => {
  const several = (): Uint8Array => {
    writeFileSync(file('one.pem'), pemOf(p256) + encodePem('CERTIFICATE', p256.certificate.der));
    const bagsOf = (name: string, label: string): Uint8Array[] => {
      const io = ['-in', name, '-out', 'part.p12', '-passout', 'pass:x', '-name', label];
      openssl('pkcs12', '-export', ...io, '-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac');
      const content = readDer(readFileSync(file('part.p12')))
        .children()[1]
        ?.children()[1];
      const safe = readDer(content?.children()[0]?.content ?? new Uint8Array(0));
      return safe.children().map(({ raw }) => raw);
    };
    const safe = encodeSequence(...bagsOf('one.pem', 'Văn thư'), ...bagsOf('rsa.pem', 'Con dấu'));
    const data = encodeSequence(encodeOid(OID.data), encodeExplicit(0, encodeOctetString(safe)));
    return withPbmac1(encodeSequence(encodeInteger(3), data), 'x');
  };

  it('is opened with the one that is chosen, and lists them otherwise', () => {
    const p12 = several();
    expect(outcome(p12, 'x')).toMatch(/^SIGNER_INPUT_INVALID: several keys.*'Văn thư'.*'Con dấu'/);
    expect(outcome(p12, 'x', { friendlyName: 'Văn thư'.normalize('NFD') })).toBe(
      p256.certificate.sha256,
    );
    expect(outcome(p12, 'x', { friendlyName: 'Con dấu' })).toBe(rsa.certificate.sha256);
    expect(outcome(p12, 'x', { friendlyName: 'khác' })).toMatch(
      /^SIGNER_INPUT_INVALID: no such key/,
    );
    const id = /'Con dấu' \(id ([0-9a-f]+)\)/.exec(outcome(p12, 'x'))?.[1] ?? '';
    expect(outcome(p12, 'x', { localKeyId: id.toUpperCase() })).toBe(rsa.certificate.sha256);
  });
});

it('signs with the algorithm that is asked for', () => {
  const p12 = forgeFile('secret', 'aes256');
  expect(openPkcs12(p12, 'secret', { algorithm: 'rsa-pss-sha256' }).algorithm).toBe(
    'rsa-pss-sha256',
  );
  expect(outcome(p12, 'secret', { algorithm: 'ed25519' })).toMatch(
    /^SIGNER_ALGORITHM_UNSUPPORTED: /,
  );
});
