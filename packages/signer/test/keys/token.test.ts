import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type OpenTokenOptions,
  type PinRequest,
  listTokens,
  openToken,
  signCms,
  signPdf,
  verifyCms,
  verifyPdf,
} from '../../src/index.ts';
import { SIGNATURE_SCHEMES, type SignatureAlgorithm } from '../../src/keys/signer.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { verifyRaw } from '../../src/x509/public-key.ts';
import { rejection } from '../support/rejection.ts';
import { SoftHsm, objectOf, reasonWithoutToken } from './soft-hsm.ts';

const missing = reasonWithoutToken();
const PIN = '123456';
const content = Buffer.from('Quyết định số 30/2026/QĐ-UBND');

let hsm: SoftHsm;
let pki: TestPki;
let serial: string;
let rsa: TestSigner;
let others: Readonly<Record<'p256' | 'p384' | 'ed25519', TestSigner>>;

describe.skipIf(missing !== undefined)(
  `a key on a token${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    beforeAll(async () => {
      hsm = new SoftHsm();
      pki = await createTestPki();
      const issue = (
        commonName: string,
        algorithm: 'rsa-2048' | 'ec-p256' | 'ec-p384' | 'ed25519',
      ) => pki.issue({ commonName, algorithm });
      rsa = await issue('Con dấu xã Hải Lăng', 'rsa-2048');
      others = {
        p256: await issue('P-256', 'ec-p256'),
        p384: await issue('P-384', 'ec-p384'),
        ed25519: await issue('Ed25519', 'ed25519'),
      };
      serial = hsm.createToken('Con dấu', PIN, [
        objectOf('seal', 'a1', rsa),
        objectOf('p256', 'b1', others.p256),
        objectOf('p384', 'b2', others.p384),
        objectOf('ed25519', 'b3', others.ed25519),
        {
          label: 'issuing',
          id: 'c1',
          certificate: Buffer.from(pki.issuing.der).toString('base64'),
        },
      ]);
    });

    afterAll(() => hsm[Symbol.dispose]());

    const open = (options: Partial<OpenTokenOptions> = {}) =>
      openToken({
        module: hsm.module,
        tokenLabel: 'Con dấu',
        keyLabel: 'seal',
        pin: async () => PIN,
        pollMs: 20,
        ...options,
      });

    it('signs a CMS message with certificate and chain from the token', async () => {
      await using signer = await open();
      expect(signer.certificate.sha256).toBe(rsa.certificate.sha256);
      expect(signer.chain.map(({ sha256 }) => sha256)).toEqual([pki.issuing.sha256]);
      const cms = await signCms({ content }, signer);
      expect(verifyCms({ cms, content })).toMatchObject({ indication: 'TOTAL-PASSED' });
    });

    it.each<[SignatureAlgorithm, string]>([
      ['rsa-pkcs1-sha256', 'seal'],
      ['rsa-pkcs1-sha384', 'seal'],
      ['rsa-pkcs1-sha512', 'seal'],
      ['rsa-pss-sha256', 'seal'],
      ['rsa-pss-sha384', 'seal'],
      ['rsa-pss-sha512', 'seal'],
      ['ecdsa-p256-sha256', 'p256'],
      ['ecdsa-p384-sha384', 'p384'],
      ['ed25519', 'ed25519'],
    ])('signs with %s', async (algorithm, keyLabel) => {
      await using signer = await open({ keyLabel, algorithm });
      expect(signer.algorithm).toBe(algorithm);
      const signature = await signer.sign(content, algorithm);
      const { publicKey } = signer.certificate;
      expect(verifyRaw(SIGNATURE_SCHEMES[algorithm], publicKey, content, signature)).toBe(true);
    });

    it('lists tokens and certificates without a PIN', async () => {
      const [token, ...more] = await listTokens({ module: hsm.module });
      expect(more).toEqual([]);
      expect(token).toMatchObject({ label: 'Con dấu', serialNumber: serial, pinState: 'ok' });
      expect(token?.certificates.map(({ label, keyId }) => `${label} ${keyId}`).toSorted()).toEqual(
        ['ed25519 b3', 'issuing c1', 'p256 b1', 'p384 b2', 'seal a1'],
      );
    });

    it('finds the key by its id, the token by its serial number', async () => {
      await using signer = await openToken({
        module: hsm.module,
        serialNumber: serial,
        keyId: 'B1',
        pin: async () => PIN,
      });
      expect(signer.certificate.sha256).toBe(others.p256.certificate.sha256);
    });

    it('asks for the PIN once, however many signatures and signers', async () => {
      const asked: PinRequest[] = [];
      const pin = async (request: PinRequest) => {
        asked.push(request);
        return PIN;
      };
      const [first, second] = await Promise.all([open({ pin }), open({ pin, keyLabel: 'p256' })]);
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const signer = index % 2 === 0 ? first : second;
          return signer.sign(content, signer.algorithm);
        }),
      );
      expect(asked.map(({ purpose, token }) => `${purpose} ${token.label}`)).toEqual([
        'login Con dấu',
      ]);
      await first[Symbol.asyncDispose]();
      await expect(second.sign(content, second.algorithm)).resolves.toBeDefined();
      await second[Symbol.asyncDispose]();
    });

    it('says which keys there are when the named one is not', async () => {
      expect(await rejection(open({ keyLabel: 'dấu' }))).toMatch(
        /^SIGNER_TOKEN_KEY_NOT_FOUND: .*'seal' \(id a1\)/,
      );
      const anyKey = { module: hsm.module, tokenLabel: 'Con dấu', pin: async () => PIN };
      expect(await rejection(openToken(anyKey))).toMatch(
        /^SIGNER_TOKEN_KEY_NOT_FOUND: .*4 keys fit/,
      );
    });

    it('says which tokens there are when the named one is not', async () => {
      expect(await rejection(open({ tokenLabel: 'khác' }))).toBe(
        `SIGNER_TOKEN_ABSENT: token 'khác' is not there: there is 'Con dấu' (${serial})`,
      );
    });

    it('refuses a module that is none', async () => {
      for (const module of ['/nowhere/lib.so', import.meta.filename]) {
        await expect(open({ module })).rejects.toMatchObject({
          code: 'SIGNER_TOKEN_LIBRARY_MISSING',
        });
      }
    });

    it('refuses a certificate of another key', async () => {
      const { certificate } = await pki.issue({ commonName: 'Khác', algorithm: 'rsa-2048' });
      await expect(open({ certificate })).rejects.toMatchObject({ code: 'SIGNER_KEY_MISMATCH' });
      await expect(
        open({ keyLabel: 'p256', certificate: others.p384.certificate }),
      ).rejects.toMatchObject({ code: 'SIGNER_KEY_MISMATCH' });
    });

    it('refuses an algorithm the key is not for', async () => {
      await expect(open({ algorithm: 'ed25519' })).rejects.toMatchObject({
        code: 'SIGNER_ALGORITHM_UNSUPPORTED',
      });
    });

    it('takes the newest certificate of a renewed key', async () => {
      const old = await pki.issue({ commonName: 'Cũ', algorithm: 'ec-p256' });
      const renewed = await pki.issue({
        commonName: 'Mới',
        keys: old.keys,
        notBefore: new Date('2026-01-01T00:00:00Z'),
      });
      const renewedSerial = hsm.createToken('renewed', PIN, [
        { ...objectOf('k', 'd1', old) },
        {
          label: 'k',
          id: 'd1',
          certificate: Buffer.from(renewed.certificate.der).toString('base64'),
        },
      ]);
      await using signer = await openToken({
        module: hsm.module,
        serialNumber: renewedSerial,
        pin: async () => PIN,
      });
      expect(signer.certificate.subjectText).toContain('Mới');
    });

    it('gives out no signature that does not fit the certificate', async () => {
      // Without the public key nothing on the token tells that the certificate is another key's.
      const foreign = await pki.issue({ commonName: 'Của người khác', algorithm: 'ec-p256' });
      const certificate = Buffer.from(foreign.certificate.der).toString('base64');
      const odd = hsm.createToken('odd', PIN, [
        objectOf('k', 'd2', others.p256, { certificate, withoutPublicKey: true }),
      ]);
      await using signer = await openToken({
        module: hsm.module,
        serialNumber: odd,
        pin: async () => PIN,
      });
      await expect(signer.sign(content, signer.algorithm)).rejects.toMatchObject({
        code: 'SIGNER_KEY_MISMATCH',
      });
    });

    it('asks for the PIN of each signature where the key wants it', async () => {
      const careful = hsm.createToken('careful', PIN, [
        objectOf('k', 'd3', rsa, { alwaysAuthenticate: true }),
      ]);
      const asked: string[] = [];
      await using signer = await openToken({
        module: hsm.module,
        serialNumber: careful,
        pin: async ({ purpose }) => {
          asked.push(purpose);
          return PIN;
        },
      });
      await signer.sign(content, signer.algorithm);
      await signer.sign(content, signer.algorithm);
      expect(asked).toEqual(['login', 'signature', 'signature']);
    });

    it('signs a PDF', async () => {
      const { PDFDocument } = await import('pdf-lib');
      const document = await PDFDocument.create();
      document.addPage();
      await using signer = await open();
      const at = new Date('2026-03-01T00:00:00Z');
      const pdf = await signPdf(await document.save(), signer, { signedAt: at });
      const report = verifyPdf(pdf, { trust: pki.trust(), at });
      expect(report.signatures[0]).toMatchObject({ indication: 'TOTAL-PASSED' });
    });
  },
);
