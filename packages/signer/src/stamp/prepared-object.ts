/**
 * The body of an indirect object, serialised once: text with one character per byte, bytes as they
 * are, and as numbers the places in the same list of the objects that it refers to. Their numbers
 * differ from file to file, everything else is the same.
 */
export type PreparedObject = readonly (string | Uint8Array | number)[];

/** A stream whose data are already Flate compressed. */
export function preparedStream(
  entries: readonly (string | number)[],
  compressed: Uint8Array,
): PreparedObject {
  const end = ` /Filter /FlateDecode /Length ${compressed.length} >>\nstream\n`;
  return ['<< ', ...entries, end, compressed, '\nendstream'];
}

/** A two-byte character code of Identity-H. */
export function hexCode(id: number): string {
  return id.toString(16).padStart(4, '0');
}
