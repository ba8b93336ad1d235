import type { Random } from './random.ts';

/** What a mutation may draw from. */
export interface Material {
  readonly random: Random;
  /** Other inputs of the corpus, to splice with. */
  readonly others: readonly Uint8Array[];
  readonly dictionary: readonly Uint8Array[];
  readonly maxBytes: number;
}

/** A way of changing an input; `undefined` when it does not apply. */
export type Mutator = (bytes: Buffer, material: Material) => Buffer | undefined;

const ODD_BYTES = [0x00, 0x01, 0x1f, 0x20, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0x88, 0xa0, 0xff];
const ODD_NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff];
const ODD_TEXTS = [
  '0',
  '1',
  '-1',
  '7',
  '4294967295',
  '2147483648',
  '999999999999999',
  '1.5',
  '1e9',
];

/** The changes that know nothing of the format. */
const PLAIN: readonly Mutator[] = [
  function flipBit(bytes, { random }) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  function setByte(bytes, { random }) {
    bytes[random.below(bytes.length)] = random.pick(ODD_BYTES) ?? 0;
    return bytes;
  },
  function addToByte(bytes, { random }) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) + random.below(35) - 17;
    return bytes;
  },
  function setNumber(bytes, { random }) {
    const size = random.chance(2) ? 4 : 2;
    if (bytes.length < size) return undefined;
    const at = random.below(bytes.length - size + 1);
    const value = (random.pick(ODD_NUMBERS) ?? 0) & (size === 2 ? 0xffff : -1);
    if (random.chance(2)) bytes.writeUIntLE(value >>> 0, at, size);
    else bytes.writeUIntBE(value >>> 0, at, size);
    return bytes;
  },
  function cutOff(bytes, { random }) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function remove(bytes, { random }) {
    const at = random.below(bytes.length);
    return replace(bytes, at, at + 1 + random.below(40), Buffer.alloc(0));
  },
  function repeat(bytes, { random }) {
    const at = random.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + random.below(80));
    return replace(bytes, at, at, Buffer.concat(Array<Buffer>(1 + random.below(4)).fill(part)));
  },
  function copyOver(bytes, { random }) {
    const from = random.below(bytes.length);
    const part = Buffer.from(bytes.subarray(from, from + 1 + random.below(40)));
    const to = random.below(bytes.length);
    bytes.set(part.subarray(0, bytes.length - to), to);
    return bytes;
  },
  function splice(bytes, { random, others }) {
    const other = random.pick(others);
    if (other === undefined || other.length === 0) return undefined;
    const from = random.below(other.length);
    const part = Buffer.from(other.subarray(from, from + 1 + random.below(300)));
    const at = random.below(bytes.length);
    return replace(bytes, at, random.chance(2) ? at : at + part.length, part);
  },
  function insertWord(bytes, { random, dictionary }) {
    const word = random.pick(dictionary);
    if (word === undefined) return undefined;
    const at = random.below(bytes.length);
    return replace(bytes, at, random.chance(2) ? at : at + word.length, Buffer.from(word));
  },
  function setDigit(bytes, { random }) {
    const digits = [...bytes.keys()].filter(
      (at) => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) < 0x3a,
    );
    const at = random.pick(digits);
    if (at === undefined) return undefined;
    bytes[at] = 0x30 + random.below(10);
    if (random.chance(2) && digits.includes(at + 1)) bytes[at + 1] = 0x30 + random.below(10);
    return bytes;
  },
  function setDecimal(bytes, { random }) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/\d{1,10}/g)];
    const hit = random.pick(numbers);
    if (hit === undefined) return undefined;
    const value = random.chance(2)
      ? String(Number(hit[0]) + random.below(9) - 4)
      : (random.pick(ODD_TEXTS) ?? '0');
    return replace(bytes, hit.index, hit.index + hit[0].length, Buffer.from(value));
  },
];

/** The bytes with `from` … `to` replaced. */
export function replace(bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(Math.min(to, bytes.length))]);
}

/** Readers stop at the first fault: most mutants have one change, some have many. */
const COUNTS = [1, 1, 1, 1, 2, 2, 4, 8];

/** One to eight changes, half of them by the mutators of the format. */
export function mutate(
  original: Uint8Array,
  ofFormat: readonly Mutator[],
  material: Material,
): Buffer {
  const { random, maxBytes } = material;
  let bytes: Buffer = Buffer.from(original);
  for (let count = random.pick(COUNTS) ?? 1; count > 0; count -= 1) {
    const list = ofFormat.length > 0 && random.chance(2) ? ofFormat : PLAIN;
    const mutator = random.pick(list);
    if (bytes.length === 0) bytes = Buffer.from([random.pick(ODD_BYTES) ?? 0]);
    bytes = mutator?.(bytes, material) ?? bytes;
    if (bytes.length > maxBytes) bytes = bytes.subarray(0, maxBytes);
  }
  return bytes;
}
