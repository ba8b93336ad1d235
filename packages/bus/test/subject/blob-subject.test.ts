import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { BusError } from '../../src/errors.ts';
import { MAX_CHUNK_COUNT } from '../../src/file/blob.ts';
import { decodeReference, encodeReference } from '../../src/record/reference.ts';
import {
  blobDroppedSubject,
  blobFilter,
  chunkSubject,
  fileDropSubject,
  fileLocateSubject,
  parseBlobDroppedSubject,
  parseChunkSubject,
  parseFileDropSubject,
  parseFileLocateSubject,
} from '../../src/subject/blob-subject.ts';
import { arbitraryCode } from '../arbitrary.ts';

const sha256 = 'ab'.repeat(32);
const blob = { fromSite: 'H09', from: parseAgencyCode('H09.12.034'), sha256 };
const digests = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

describe('the subject of a chunk', () => {
  it('names scope, sender, digest and place', () => {
    expect(chunkSubject({ ...blob, scope: 'cross', index: 7 })).toBe(
      `vb.blob.cross.H09.H09-12-034.${sha256}.7`,
    );
    expect(blobFilter(blob)).toBe(`vb.blob.*.H09.H09-12-034.${sha256}.*`);
    expect(blobFilter(blob, 'cache')).toBe(`vb.blob.cache.H09.H09-12-034.${sha256}.*`);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(
        arbitraryCode,
        digests,
        fc.constantFrom('local' as const, 'cross' as const, 'cache' as const),
        fc.nat(MAX_CHUNK_COUNT - 1),
        (from, digest, scope, index) => {
          const chunk = { fromSite: 'H09', from, sha256: digest, scope, index };
          expect(parseChunkSubject(chunkSubject(chunk))).toEqual(chunk);
        },
      ),
    );
  });

  it.each([
    `vb.blob.cross.H09.H09-12-034.${sha256}.07`,
    `vb.blob.cross.H09.H09-12-034.${sha256}.-1`,
    `vb.blob.cross.H09.H09-12-034.${sha256}.1e3`,
    `vb.blob.cross.H09.H09-12-034.${sha256}.${MAX_CHUNK_COUNT}`,
    `vb.blob.cross.H09.H09-12-034.${sha256}.1.1`,
    `vb.blob.cross.H09.H09-12-034.${sha256}`,
    `vb.blob.cross.H09.H09-12-034.${sha256.toUpperCase()}.1`,
    `vb.blob.cross.H09.H09-12-034.${sha256}00.1`,
    `vb.blob.other.H09.H09-12-034.${sha256}.1`,
    `vb.blob.cross.h09.H09-12-034.${sha256}.1`,
    `vb.blob.cross.H09.*.${sha256}.1`,
    `vb.msg.cross.H09.H09-12-034.${sha256}.1`,
    `vb.blob.cross.H09.H09-12-034.${sha256}.dropped`,
  ])('is not %s', (subject) => {
    expect(parseChunkSubject(subject)).toBeUndefined();
  });

  it.each([
    { index: -1 },
    { index: 1.5 },
    { index: MAX_CHUNK_COUNT },
    { sha256: '*' },
    { sha256: sha256.slice(2) },
    { fromSite: '>' },
    { scope: '*' as never },
    { from: '*' as never },
  ])('cannot be built with %o', (bad) => {
    expect(() => chunkSubject({ ...blob, scope: 'local', index: 0, ...bad })).toThrow(BusError);
  });
});

describe('the subjects about a whole blob', () => {
  it('are read back as they were written, and only so', () => {
    expect(parseFileLocateSubject(fileLocateSubject(blob))).toEqual(blob);
    expect(parseFileDropSubject(fileDropSubject(blob))).toEqual(blob);
    expect(parseBlobDroppedSubject(blobDroppedSubject(blob))).toEqual(blob);
    expect(fileDropSubject(blob)).toBe(`vb.file.drop.H09.H09-12-034.${sha256}`);
    for (const subject of [
      `vb.file.drop.H09.H09-12-034.${sha256}.1`,
      `vb.file.drop.H09.H09-12-034`,
      `vb.file.drop.H09.*.${sha256}`,
      `vb.file.drop.H09.H09-12-034.*`,
    ]) {
      expect(parseFileDropSubject(subject)).toBeUndefined();
      expect(parseFileLocateSubject(subject.replace('drop', 'locate'))).toBeUndefined();
    }
    const local = blobDroppedSubject(blob).replace('cross', 'local');
    expect(parseBlobDroppedSubject(local)).toBeUndefined();
  });
});

describe('a reference', () => {
  const reference = { sha256, bytes: 2_000_000_000, chunkBytes: 131_072 };

  it('has 44 bytes and comes back as it was', () => {
    const bytes = encodeReference(reference);
    expect(bytes).toHaveLength(44);
    expect(Buffer.from(bytes.subarray(0, 12)).toString('hex')).toBe('435652317735940000020000');
    expect(decodeReference(bytes)).toEqual(reference);
  });

  it('is nothing that is longer, shorter, of another kind or out of bounds', () => {
    const bytes = Buffer.from(encodeReference(reference));
    expect(decodeReference(bytes.subarray(0, 43))).toBeUndefined();
    expect(decodeReference(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined();
    const record = Buffer.from(bytes);
    record[3] = 1;
    expect(decodeReference(record)).toBeUndefined();
    for (const [offset, value] of [
      [4, 0],
      [8, 0],
      [8, 1],
      [8, 0xffff_ffff],
    ] as const) {
      const bad = Buffer.from(bytes);
      bad.writeUInt32BE(value, offset);
      expect(decodeReference(bad)).toBeUndefined();
    }
  });

  it('cannot be made for a blob out of bounds', () => {
    for (const bad of [
      { bytes: 0 },
      { bytes: 2 ** 32 },
      { chunkBytes: 1 },
      { chunkBytes: 2 ** 20 },
      { sha256: 'x' },
    ]) {
      expect(() => encodeReference({ ...reference, ...bad })).toThrow(
        expect.objectContaining({ code: 'BUS_BLOB_INVALID' }),
      );
    }
  });
});
