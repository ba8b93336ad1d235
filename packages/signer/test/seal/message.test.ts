import { createCipheriv, randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  OID,
  TAG,
  contextConstructed,
  contextPrimitive,
  encodeExplicit,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
} from '../../src/der/index.ts';
import { SignerError } from '../../src/errors.ts';
import { opensslReadsSealed } from '../../../../setup/openssl.ts';
import { encodeSealBinding } from '../../src/seal/binding.ts';
import {
  MAX_RECIPIENTS,
  encodeIssuerAndSerial,
  encodeRecipientInfos,
} from '../../src/seal/recipient.ts';
import { openSealed, readSealedInfo, sealBytes } from '../../src/seal/seal.ts';
import type { TestPki } from '../../src/testing/test-pki.ts';
import { runTool } from '../pades/tools.ts';
import { type Party, createParties, createParty } from './parties.ts';

const CONTENT = Buffer.from('Công văn số 12/UBND-VP'.repeat(100));
const CONTEXT = Buffer.from('H09.12.034 → H09.12.035, 7f3c');
/** Older ones refuse what RFC 5083 §2.1 says; set-up fetches a newer one where it can. */
const hasOpenssl = opensslReadsSealed();
let rsa: Party;
let p256: Party;
let p384: Party;
let pki: TestPki;

beforeAll(async () => {
  ({ rsa, p256, p384, pki } = await createParties());
});

function decryptWithOpenssl(sealed: Uint8Array, party: Party): Buffer {
  const result = runTool(
    'openssl',
    'cms -decrypt -binary -inform DER -in s.p7m -recip c.pem -inkey k.pem'.split(' '),
    { 's.p7m': sealed, 'c.pem': party.certificatePem, 'k.pem': party.keyPem },
  );
  expect(result).toMatchObject({ status: 0 });
  return result.stdout;
}

describe('a sealed message', () => {
  it('is opened by each of its recipients, byte for byte', async () => {
    const parties = [rsa, p256, p384];
    const recipients = parties.map(({ certificate }) => certificate);
    const sealed = sealBytes(CONTENT, { recipients, context: CONTEXT });
    for (const { decryptor } of parties) {
      const opened = await openSealed(sealed, { decryptor, context: CONTEXT });
      expect(Buffer.from(opened.content).equals(CONTENT)).toBe(true);
      expect(opened.recipients).toHaveLength(3);
    }
  });

  it('costs less than 200 bytes for one more key of the same curve', async () => {
    const more = await Promise.all(
      ['Sở Tài chính', 'Sở Y tế', 'Sở Tư pháp'].map((name) => createParty(pki, name, 'ec-p256')),
    );
    const parties = [p256, ...more];
    const seal = (some: readonly Party[]): Uint8Array =>
      sealBytes(CONTENT, { recipients: some.map(({ certificate }) => certificate) });
    const sealed = seal(parties);
    expect((sealed.length - seal([p256]).length) / more.length).toBeLessThan(200);
    for (const party of parties) {
      const { content, recipients } = await openSealed(sealed, { decryptor: party.decryptor });
      expect(Buffer.from(content).equals(CONTENT)).toBe(true);
      expect(recipients).toHaveLength(parties.length);
    }
  });

  it.skipIf(!hasOpenssl)('is opened by OpenSSL with the key of each, byte for byte', async () => {
    const parties = [rsa, p256, p384, await createParty(pki, 'Sở Tài chính', 'ec-p256')];
    const recipients = parties.map(({ certificate }) => certificate);
    for (const options of [{ recipients }, { recipients, context: CONTEXT }]) {
      const sealed = sealBytes(CONTENT, options);
      for (const party of parties) {
        expect(decryptWithOpenssl(sealed, party).equals(CONTENT)).toBe(true);
      }
    }
  });

  it('may be empty', async () => {
    const sealed = sealBytes(new Uint8Array(0), { recipients: [p256.certificate] });
    const { content } = await openSealed(sealed, { decryptor: p256.decryptor });
    expect(content).toHaveLength(0);
  });

  it.each(['rsa', 'p256', 'p384', 'p384-sha512'] as const)(
    'made by OpenSSL is opened (%s)',
    async (kind) => {
      const party = { rsa, p256, p384, 'p384-sha512': p384 }[kind];
      const ofKey = {
        rsa: '-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256',
        p256: '-keyopt ecdh_kdf_md:sha256 -aes256-wrap',
        p384: '-keyopt ecdh_kdf_md:sha384 -aes256-wrap',
        'p384-sha512': '-keyopt ecdh_kdf_md:sha512 -aes256-wrap',
      }[kind];
      for (const form of ['', ' -stream', ' -keyid']) {
        const result = runTool(
          'openssl',
          `cms -encrypt -binary -aes-256-gcm -in p -outform DER${form} -recip c.pem ${ofKey}`.split(
            ' ',
          ),
          { p: CONTENT, 'c.pem': party.certificatePem },
        );
        expect(result).toMatchObject({ status: 0 });
        const sealed = result.stdout;
        const { content, context } = await openSealed(sealed, { decryptor: party.decryptor });
        expect(Buffer.from(content).equals(CONTENT)).toBe(true);
        expect(context).toBeNull();
        // Who expects a context must not be given a message that has none.
        const strict = openSealed(sealed, { decryptor: party.decryptor, context: CONTEXT });
        await expect(strict).rejects.toMatchObject({ code: 'SIGNER_SEAL_MALFORMED' });
      }
    },
  );

  it('is for nobody else', async () => {
    const sealed = sealBytes(CONTENT, { recipients: [rsa.certificate, p256.certificate] });
    await expect(openSealed(sealed, { decryptor: p384.decryptor })).rejects.toMatchObject({
      code: 'SIGNER_SEAL_NOT_RECIPIENT',
    });
  });

  it('is refused where another context is expected', async () => {
    const recipients = [p256.certificate];
    const sealed = sealBytes(CONTENT, { recipients, context: Buffer.from('another') });
    await expect(
      openSealed(sealed, { decryptor: p256.decryptor, context: CONTEXT }),
    ).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
  });

  it('shows recipients and context without a key', () => {
    const recipients = [rsa.certificate, p256.certificate];
    const info = readSealedInfo(sealBytes(CONTENT, { recipients, context: CONTEXT }));
    expect(info.form).toBe('message');
    expect(info.context).toEqual(new Uint8Array(CONTEXT));
    expect(new Set(info.recipients.map(({ serialNumber }) => serialNumber))).toEqual(
      new Set(recipients.map(({ serialNumber }) => serialNumber)),
    );
  });

  it('never opens to anything but its content when bytes of it are changed', async () => {
    const sealed = sealBytes(CONTENT, { recipients: [p256.certificate, rsa.certificate] });
    const mutation = fc.tuple(
      fc.nat(sealed.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(mutation, async ([at, change, ofRsa]) => {
        const mutant = Buffer.from(sealed);
        mutant[at] = (mutant[at] ?? 0) ^ change;
        const { decryptor } = ofRsa ? rsa : p256;
        const outcome = await openSealed(mutant, { decryptor }).then(
          ({ content }) => Buffer.from(content),
          (error: unknown) => error,
        );
        // What stands for the other recipient is nobody's business but his: the content is right.
        const isHarmless = Buffer.isBuffer(outcome)
          ? outcome.equals(CONTENT)
          : outcome instanceof SignerError;
        expect(isHarmless).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe('what is not sealed', () => {
  it('is sealed only for certificates that are for encryption', async () => {
    const signing = await pki.issue({ commonName: 'Con dấu', use: 'seal' });
    expect(() => sealBytes(CONTENT, { recipients: [signing.certificate] })).toThrow(
      expect.objectContaining({ code: 'SIGNER_INPUT_INVALID' }),
    );
    const edwards = await pki.issue({ commonName: 'Ed', use: 'node', algorithm: 'ed25519' });
    expect(() => sealBytes(CONTENT, { recipients: [edwards.certificate] })).toThrow(
      expect.objectContaining({ code: 'SIGNER_ALGORITHM_UNSUPPORTED' }),
    );
    expect(() => sealBytes(CONTENT, { recipients: [] })).toThrow(
      expect.objectContaining({ code: 'SIGNER_INPUT_INVALID' }),
    );
  });
});

/** Builds a message by hand, so that parts can be wrong. */
function forge(parts: {
  readonly keys: readonly (readonly [Party, Uint8Array])[];
  readonly contentKey: Uint8Array;
  readonly attributes?: readonly Uint8Array[];
  readonly attributesSent?: readonly Uint8Array[];
  readonly tagBytes?: number;
}): Uint8Array {
  const { keys, contentKey, attributes, tagBytes = 16 } = parts;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce, { authTagLength: tagBytes });
  if (attributes) cipher.setAAD(encodeSetOf(attributes));
  const ciphertext = Buffer.concat([cipher.update(CONTENT), cipher.final()]);
  const sent = parts.attributesSent ?? attributes;
  const parameters = encodeSequence(encodeOctetString(nonce), encodeInteger(tagBytes));
  const body = encodeSequence(
    encodeInteger(0),
    encodeSetOf(keys.flatMap(([party, key]) => encodeRecipientInfos([party.certificate], key))),
    encodeSequence(
      encodeOid(OID.data),
      encodeSequence(encodeOid(OID.aes256Gcm), parameters),
      encodeTlv(contextPrimitive(0), ciphertext),
    ),
    sent ? encodeSetOf(sent, contextConstructed(1)) : new Uint8Array(0),
    encodeOctetString(cipher.getAuthTag()),
  );
  return encodeSequence(encodeOid(OID.authEnvelopedData), encodeExplicit(0, body));
}

describe('a message by somebody who has the content key', () => {
  const key = randomBytes(32);
  const bindTo = (...parties: readonly Party[]): Uint8Array =>
    encodeSealBinding(
      key,
      CONTEXT,
      parties.map(({ certificate }) => encodeIssuerAndSerial(certificate)),
    );
  const opens = (sealed: Uint8Array, party: Party, context?: Uint8Array) =>
    openSealed(sealed, { decryptor: party.decryptor, ...(context && { context }) });

  it('is opened when everything is right (so that the refusals below mean something)', async () => {
    const keys = [
      [p256, key],
      [rsa, key],
    ] as const;
    const sealed = forge({ keys, contentKey: key, attributes: [bindTo(p256, rsa)] });
    expect(Buffer.from((await opens(sealed, rsa, CONTEXT)).content).equals(CONTENT)).toBe(true);
  });

  it('is refused with several recipients and no commitment to the key', async () => {
    const keys = [
      [p256, key],
      [rsa, key],
    ] as const;
    await expect(opens(forge({ keys, contentKey: key }), p256)).rejects.toMatchObject({
      code: 'SIGNER_SEAL_MALFORMED',
    });
  });

  it('is refused when the commitment is to another key than the one that opens it', async () => {
    const other = randomBytes(32);
    const attributes = [bindTo(p256, rsa)];
    const sealed = forge({
      keys: [
        [p256, other],
        [rsa, key],
      ],
      contentKey: other,
      attributes,
    });
    await expect(opens(sealed, p256)).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
  });

  it('is refused when it was passed on to a recipient it was not bound to', async () => {
    const attributes = [bindTo(rsa)];
    const sealed = forge({ keys: [[p256, key]], contentKey: key, attributes });
    await expect(opens(sealed, p256)).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
    const added = forge({
      keys: [
        [p256, key],
        [rsa, key],
      ],
      contentKey: key,
      attributes,
    });
    await expect(opens(added, rsa)).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
  });

  it('is refused when the attributes were stripped, added or exchanged', async () => {
    const bound = bindTo(p256);
    const extra = encodeSequence(
      encodeOid(OID.contentType),
      encodeTlv(TAG.SET, encodeOid(OID.data)),
    );
    const keys = [[p256, key]] as const;
    const cases = [
      { attributes: [bound], attributesSent: [] },
      { attributes: [bound], attributesSent: [bound, extra] },
      { attributes: [bound, extra], attributesSent: [bound] },
    ];
    for (const one of cases) {
      const sealed = forge({ keys, contentKey: key, ...one });
      await expect(opens(sealed, p256)).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
    }
  });

  it('is refused with more recipients than the limit', async () => {
    const keys = Array.from({ length: MAX_RECIPIENTS + 1 }, () => [p256, key] as const);
    await expect(opens(forge({ keys, contentKey: key }), p256)).rejects.toThrow(
      `more than ${MAX_RECIPIENTS} recipients`,
    );
  });

  it('is refused with a short tag', async () => {
    const sealed = forge({ keys: [[p256, key]], contentKey: key, tagBytes: 12 });
    await expect(opens(sealed, p256)).rejects.toMatchObject({ code: 'SIGNER_SEAL_MALFORMED' });
  });

  it('tells a wrong key wrapping and a wrong tag by the same words', async () => {
    const sealed = Buffer.from(sealBytes(CONTENT, { recipients: [rsa.certificate] }));
    const wrapAt = sealed.indexOf(Buffer.from([0x04, 0x82, 0x01, 0x00])) + 100;
    const messages = await Promise.all(
      [wrapAt, sealed.length - 1].map((at) => {
        const mutant = Buffer.from(sealed);
        mutant[at] = (mutant[at] ?? 0) ^ 1;
        return opens(mutant, rsa).catch((error: unknown) => String(error));
      }),
    );
    expect(messages[0]).toMatch(/altered/);
    expect(messages[1]).toBe(messages[0]);
  });
});
