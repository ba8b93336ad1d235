import type { ExchangedDirectory } from './exchange.ts';

/** Entries go out in order, so the last one that is out is found by halving. */
export async function findPublished(
  options: Pick<ExchangedDirectory, 'directory' | 'registry' | 'outStream'>,
): Promise<number> {
  const { directory, registry, outStream } = options;
  const { registrar } = registry;
  let from = 0;
  let to = 1;
  while (registry.record({ registrar, sequence: to }) !== undefined) to *= 2;
  while (to - from > 1) {
    const sequence = Math.floor((from + to) / 2);
    const key = { registrar, sequence };
    const record = registry.record(key);
    const sent = record && (await directory.readEntry(outStream, key));
    if (record !== undefined && sent !== undefined && isSame(sent, record)) from = sequence;
    else to = sequence;
  }
  return from;
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
