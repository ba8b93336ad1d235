import { createHash } from 'node:crypto';

/** What a relay says of one record's arrival: its place, when the broker stored it, whose and which. */
export interface Arrival {
  /** `report.id`: the place in the order of arrival. */
  readonly id: number;
  readonly storedMs: number;
  readonly agency: string;
  readonly number: number;
  /** SHA-256 of the payload, lower hex. */
  readonly payloadHash: string;
}

/** The hash before the first record. */
export const NO_ARRIVALS = '0'.repeat(64);

/**
 * The hash over everything that arrived, one record further.
 *
 * Agencies sign what they say, but not when the broker stored it or after what it came: this hash,
 * named in each signed publication, fixes both. SHA-256 of the hash before, in lower hex, and of the
 * row as `id stored_ms agency number payload_sha256`, with a line feed after each.
 */
export function nextArrivalHash(before: string, row: Arrival): string {
  const { id, storedMs, agency, number, payloadHash } = row;
  return createHash('sha256')
    .update(`${before}\n${id} ${storedMs} ${agency} ${number} ${payloadHash}\n`)
    .digest('hex');
}
