import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { SignerError } from '../../src/errors.ts';
import { openSealed, readSealedInfo, sealStream, unsealStream } from '../../src/seal/seal.ts';
import { SEGMENTED_MAGIC, decryptSegment, encryptSegment } from '../../src/seal/segments.ts';
import { type Party, collect, createParties } from './parties.ts';

const CONTEXT = Buffer.from('H09.12.034, 7f3c');
const SEGMENT = 100;
const TAG = 16;
let rsa: Party;
let p256: Party;
let p384: Party;

beforeAll(async () => {
  ({ rsa, p256, p384 } = await createParties());
});

/** Cuts bytes into chunks of some size. */
function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function seal(content: Uint8Array, chunkBytes = 64): Promise<Buffer> {
  const recipients = [rsa, p256].map(({ certificate }) => certificate);
  const options = { recipients, context: CONTEXT, maxMessageBytes: 0, segmentBytes: SEGMENT };
  return collect(sealStream(chunksOf(content, chunkBytes), options));
}

async function unseal(sealed: Uint8Array, party: Party, chunkBytes = 77): Promise<Buffer> {
  const options = { decryptor: party.decryptor, context: CONTEXT };
  return collect(unsealStream(chunksOf(sealed, chunkBytes), options));
}

/** Header and segments of a sealed file. */
function split(sealed: Buffer): { header: Buffer; segments: Buffer[] } {
  const at = SEGMENTED_MAGIC.length + 4 + sealed.readUInt32BE(SEGMENTED_MAGIC.length);
  const segments = [...chunksOf(sealed.subarray(at), SEGMENT + TAG)].map((part) =>
    Buffer.from(part),
  );
  return { header: sealed.subarray(0, at), segments };
}

describe('a sealed stream', () => {
  it('comes out as it went in, whatever the sizes of content and chunks', async () => {
    const sizes = fc.tuple(
      fc.oneof(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 8 }).map((n) => n * SEGMENT),
      ),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(sizes, async ([length, inChunk, outChunk]) => {
        const content = randomBytes(length);
        const sealed = await seal(content, inChunk);
        expect((await unseal(sealed, p256, outChunk)).equals(content)).toBe(true);
        expect(split(sealed).segments).toHaveLength(Math.ceil(length / SEGMENT));
      }),
      { numRuns: 60 },
    );
  });

  it('is one plain CMS message up to the limit, and segments above it', async () => {
    const options = { recipients: [p256.certificate], maxMessageBytes: 200 };
    const short = await collect(sealStream([randomBytes(200)], options));
    expect(readSealedInfo(short).form).toBe('message');
    expect((await openSealed(short, { decryptor: p256.decryptor })).content).toHaveLength(200);
    const long = await collect(sealStream([randomBytes(201)], options));
    expect(readSealedInfo(long)).toMatchObject({ form: 'segments', recipients: [{}] });
    expect(await collect(unsealStream([long], { decryptor: p256.decryptor }))).toHaveLength(201);
    expect(await collect(unsealStream([short], { decryptor: p256.decryptor }))).toHaveLength(200);
  });

  it('is for its recipients and its context alone', async () => {
    const sealed = await seal(randomBytes(500));
    await expect(unseal(sealed, p384)).rejects.toMatchObject({ code: 'SIGNER_SEAL_NOT_RECIPIENT' });
    const options = { decryptor: rsa.decryptor, context: Buffer.from('other') };
    await expect(collect(unsealStream([sealed], options))).rejects.toMatchObject({
      code: 'SIGNER_SEAL_TAMPERED',
    });
  });

  it('is refused when segments are cut off, moved, repeated, dropped or taken from another file', async () => {
    const content = randomBytes(5 * SEGMENT);
    const sealed = await seal(content);
    const { header, segments } = split(sealed);
    const other = split(await seal(content));
    const [a, b, c, d, e] = segments;
    if (!a || !b || !c || !d || !e) throw new Error('five segments were expected');
    const cases: Record<string, readonly Buffer[]> = {
      'without the last': [a, b, c, d],
      'without any': [],
      'without the first': [b, c, d, e],
      'without the middle': [a, b, d, e],
      'two exchanged': [a, c, b, d, e],
      'one repeated': [a, a, b, c, d, e],
      'the last repeated': [a, b, c, d, e, e],
      'the last moved forward': [a, b, c, e, d],
      'only the last': [e],
      'cut within a segment': [a, b, c.subarray(0, 50)],
      'cut within a tag': [a, b, c, d, e.subarray(0, -1)],
      'a byte behind': [a, b, c, d, e, Buffer.from([0])],
      'a segment of another file': [a, b, other.segments[2] ?? a, d, e],
    };
    for (const [name, parts] of Object.entries(cases)) {
      const outcome = unseal(Buffer.concat([header, ...parts]), p256);
      expect({ name, error: await outcome.catch((error: unknown) => error) }).toMatchObject({
        name,
        error: { code: 'SIGNER_SEAL_TAMPERED' },
      });
    }
    const exchanged = unseal(Buffer.concat([other.header, ...segments]), p256);
    await expect(exchanged).rejects.toMatchObject({ code: 'SIGNER_SEAL_TAMPERED' });
    expect((await unseal(Buffer.concat([header, ...segments]), p256)).equals(content)).toBe(true);
  });

  it('is refused when an empty segment ends it although content came before', () => {
    const segmentKey = { key: randomBytes(32), prefix: randomBytes(7), segmentBytes: SEGMENT };
    const empty = Buffer.concat(encryptSegment(segmentKey, 1, true, new Uint8Array(0)));
    expect(() => decryptSegment(segmentKey, 1, true, empty)).toThrow(
      expect.objectContaining({ code: 'SIGNER_SEAL_TAMPERED' }),
    );
  });

  it('never gives out a byte that was not sealed, whatever is changed', async () => {
    const content = randomBytes(350);
    const sealed = await seal(content);
    const mutation = fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(mutation, async ([at, change]) => {
        const mutant = Buffer.from(sealed);
        mutant[at] = (mutant[at] ?? 0) ^ change;
        const released: Uint8Array[] = [];
        let failure: unknown;
        try {
          const options = { decryptor: p256.decryptor, context: CONTEXT };
          for await (const chunk of unsealStream([mutant], options)) released.push(chunk);
        } catch (error) {
          failure = error;
        }
        const bytes = Buffer.concat(released);
        expect(content.subarray(0, bytes.length).equals(bytes)).toBe(true);
        expect(failure instanceof SignerError || bytes.length === content.length).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('cannot be a message: the file key in a header is not handed out', async () => {
    const { header } = split(await seal(randomBytes(300)));
    const message = header.subarray(SEGMENTED_MAGIC.length + 4);
    await expect(openSealed(message, { decryptor: p256.decryptor })).rejects.toMatchObject({
      code: 'SIGNER_SEAL_MALFORMED',
    });
  });

  it('tells how far it is, and stops when it is told to', async () => {
    const seen: number[] = [];
    const controller = new AbortController();
    const onProgress = (bytes: number): void => {
      seen.push(bytes);
      if (bytes === 2 * SEGMENT) controller.abort(new Error('enough'));
    };
    const sealed = await seal(randomBytes(5 * SEGMENT));
    const { signal } = controller;
    const options = { decryptor: p256.decryptor, onProgress, signal };
    await expect(collect(unsealStream([sealed], options))).rejects.toThrow('enough');
    expect(seen).toEqual([SEGMENT, 2 * SEGMENT]);
  });

  it('closes its source when the reader leaves early', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield randomBytes(100);
      } finally {
        isClosed = true;
      }
    }
    const recipients = [p256.certificate];
    for await (const _ of sealStream(source(), { recipients, maxMessageBytes: 0 })) break;
    expect(isClosed).toBe(true);
  });
});
