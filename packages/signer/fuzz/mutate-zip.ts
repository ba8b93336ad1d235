import { DEFAULT_ASIC_LIMITS } from '../src/asic/limits.ts';
import { type ZipEntry, readZip } from '../src/asic/zip-read.ts';
import { writeZip } from '../src/asic/zip-write.ts';
import { SignerError } from '../src/errors.ts';
import { DER_MUTATORS } from './mutate-der.ts';
import { type Material, type Mutator, mutate } from './mutate.ts';

const XML_WORDS = [
  '<asic:SigReference URI="META-INF/signature.p7s"/>', '<asic:DataObjectReference URI="a">',
  '</asic:DataObjectReference>', '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>',
  '<ds:DigestValue></ds:DigestValue>', ' Rootfile="true"', ' MimeType="text/plain"', '<!-- -->',
  '<![CDATA[', '<!DOCTYPE a>', '&amp;', '&#x41;', '&#0;', ' xmlns="x"', '%2e%2e%2f', '%ff', '../', '\u202e',
].map((word) => Buffer.from(word)); // prettier-ignore

const NAMES = [
  'META-INF/ASiCManifest2.xml',
  'META-INF/signature2.p7s',
  'META-INF/timestamp.tst',
  'a/../b',
];

function entriesOf(bytes: Buffer): ZipEntry[] | undefined {
  try {
    return readZip(bytes, DEFAULT_ASIC_LIMITS);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}

/** Mutates inside a container: the ZIP around the changed entry is written anew. */
function inside(change: (entries: ZipEntry[], index: number, material: Material) => void): Mutator {
  return (bytes, material) => {
    const entries = entriesOf(bytes);
    if (entries === undefined || entries.length === 0) return undefined;
    change(entries, material.random.below(entries.length), material);
    return Buffer.from(writeZip(entries, material.random.chance(4)));
  };
}

export const ZIP_MUTATORS: readonly Mutator[] = [
  inside(function changeEntry(entries, index, material) {
    const entry = entries[index];
    if (entry === undefined) return;
    const isDer = entry.bytes[0] === 0x30;
    const words = isDer ? material.dictionary : [...XML_WORDS, ...material.dictionary];
    const inner = { ...material, dictionary: words };
    entries[index] = { ...entry, bytes: mutate(entry.bytes, isDer ? DER_MUTATORS : [], inner) };
  }),
  inside(function dropEntry(entries, index) {
    entries.splice(index, 1);
  }),
  inside(function doubleEntry(entries, index, { random }) {
    const entry = entries[index];
    if (entry !== undefined) entries.push({ ...entry, name: random.pick(NAMES) ?? entry.name });
  }),
  inside(function swapEntries(entries, index, { random }) {
    const other = random.below(entries.length);
    [entries[index], entries[other]] = [
      entries[other] ?? { name: '', bytes: Buffer.alloc(0) },
      entries[index] ?? { name: '', bytes: Buffer.alloc(0) },
    ];
  }),
  inside(function renameEntry(entries, index, { random }) {
    const entry = entries[index];
    if (entry === undefined) return;
    const name = Buffer.from(entry.name);
    if (name.length > 0) name[random.below(name.length)] = 0x20 + random.below(96);
    entries[index] = { ...entry, name: name.toString('utf8') };
  }),
];
