import { type Mutator, replace } from './mutate.ts';

/** A value of a DER encoding as it stands in the bytes, with the values around it. */
interface Place {
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
  readonly parents: readonly Place[];
}

const MAX_PLACES = 4_000;
const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80,
  0x81, 0x82, 0x86, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0x24,
];

/** Values found by following lengths, leniently; OCTET and BIT STRINGs are looked into as well. */
function placesOf(bytes: Buffer): Place[] {
  const places: Place[] = [];
  const walk = (from: number, to: number, parents: readonly Place[]): boolean => {
    let at = from;
    while (at < to && places.length < MAX_PLACES) {
      const place = placeAt(bytes, at, to, parents);
      if (place === undefined) return false;
      places.push(place);
      const tag = bytes[at] ?? 0;
      const isInside = (tag & 0x20) !== 0 || tag === 0x04 || tag === 0x03;
      if (isInside && parents.length < 24) {
        const known = places.length;
        const inner = place.contentStart + (tag === 0x03 ? 1 : 0);
        const isWhole = walk(inner, place.end, [...parents, place]);
        if (!isWhole && (tag & 0x20) === 0) places.length = known;
      }
      at = place.end;
    }
    return at === to;
  };
  walk(0, bytes.length, []);
  return places;
}

function placeAt(
  bytes: Buffer,
  at: number,
  limit: number,
  parents: readonly Place[],
): Place | undefined {
  if (at + 2 > limit) return undefined;
  let length = bytes[at + 1] ?? 0;
  let contentStart = at + 2;
  if (length === 0x80) return undefined;
  if (length > 0x80) {
    const count = length & 0x7f;
    if (count > 4 || contentStart + count > limit) return undefined;
    length = bytes.readUIntBE(contentStart, count);
    contentStart += count;
  }
  const end = contentStart + length;
  return end > limit ? undefined : { start: at, contentStart, end, parents };
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

/** Puts other bytes in the place of a value and makes the lengths around it right again. */
function substitute(bytes: Buffer, place: Place, by: Uint8Array): Buffer {
  let part: Uint8Array = by;
  let { start, end } = place;
  for (const parent of place.parents.toReversed()) {
    const content = Buffer.concat([
      bytes.subarray(parent.contentStart, start),
      part,
      bytes.subarray(end, parent.end),
    ]);
    const tag = bytes.subarray(parent.start, parent.start + 1);
    part = Buffer.concat([tag, encodeLength(content.length), content]);
    ({ start, end } = parent);
  }
  return replace(bytes, start, end, part);
}

/** Changes of DER that keep the lengths of all values around them right. */
export const DER_MUTATORS: readonly Mutator[] = [
  function dropValue(bytes, { random }) {
    const place = random.pick(placesOf(bytes));
    return place && substitute(bytes, place, Buffer.alloc(0));
  },
  function doubleValue(bytes, { random }) {
    const place = random.pick(placesOf(bytes));
    if (place === undefined) return undefined;
    const value = bytes.subarray(place.start, place.end);
    const count = random.chance(20) ? 2 + random.below(300) : 2;
    return substitute(bytes, place, Buffer.concat(Array<Buffer>(count).fill(value)));
  },
  function swapValues(bytes, { random }) {
    const places = placesOf(bytes);
    const place = random.pick(places);
    const other = random.pick(places);
    if (place === undefined || other === undefined) return undefined;
    return substitute(bytes, place, Buffer.from(bytes.subarray(other.start, other.end)));
  },
  function takeValue(bytes, { random, others }) {
    const place = random.pick(placesOf(bytes));
    const source = Buffer.from(random.pick(others) ?? bytes);
    const other = random.pick(placesOf(source));
    if (place === undefined || other === undefined) return undefined;
    return substitute(bytes, place, source.subarray(other.start, other.end));
  },
  function setTag(bytes, { random }) {
    const place = random.pick(placesOf(bytes));
    if (place === undefined) return undefined;
    bytes[place.start] = random.pick(TAGS) ?? 0;
    return bytes;
  },
  function setContent(bytes, { random, dictionary }) {
    const place = random.pick(placesOf(bytes));
    if (place === undefined) return undefined;
    const word = random.pick(dictionary) ?? Buffer.alloc(0);
    const content = random.chance(3)
      ? Buffer.alloc(
          random.below(random.chance(10) ? 5_000 : 40),
          random.pick([0, 0xff, random.below(256)]),
        )
      : Buffer.from(word);
    const tag = bytes.subarray(place.start, place.start + 1);
    return substitute(bytes, place, Buffer.concat([tag, encodeLength(content.length), content]));
  },
  function wrap(bytes, { random }) {
    const place = random.pick(placesOf(bytes));
    if (place === undefined) return undefined;
    let part: Uint8Array = bytes.subarray(place.start, place.end);
    const depth = random.chance(10) ? 40 : 1;
    const tag = Buffer.from([random.pick(TAGS) ?? 0x30]);
    for (let i = 0; i < depth; i += 1) {
      part = Buffer.concat([tag, encodeLength(part.length), part]);
    }
    return substitute(bytes, place, part);
  },
  function makeIndefinite(bytes, { random }) {
    const place = random.pick(placesOf(bytes).filter(({ start }) => (bytes[start] ?? 0) & 0x20));
    if (place === undefined) return undefined;
    const content = bytes.subarray(place.contentStart, place.end);
    const tag = bytes.subarray(place.start, place.start + 1);
    const part = Buffer.concat([tag, Buffer.from([0x80]), content, Buffer.alloc(2)]);
    return substitute(bytes, place, part);
  },
];
