const WHITE = 1;
const DELIMITER = 2;

/** ISO 32000-1 §7.2.2, tables 1 and 2; regular characters are 0. */
const CHARACTER_CLASS = new Uint8Array(256);
for (const code of [0, 9, 10, 12, 13, 32]) CHARACTER_CLASS[code] = WHITE;
for (const char of '()<>[]{}/%') CHARACTER_CLASS[char.charCodeAt(0)] = DELIMITER;

export function isWhite(code: number): boolean {
  return CHARACTER_CLASS[code] === WHITE;
}

export function isRegular(code: number): boolean {
  return CHARACTER_CLASS[code] === 0;
}

/** The first place from `from` on that holds no white space, at most `end`. */
export function skipWhite(bytes: Uint8Array, from: number, end = bytes.length): number {
  let at = from;
  while (at < end && isWhite(bytes[at] ?? 1)) at++;
  return at;
}
