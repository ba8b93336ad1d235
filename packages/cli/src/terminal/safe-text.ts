/**
 * Text of other people as it may stand in a terminal: control characters (which could move the cursor or
 * answer as the keyboard) and the marks that turn the writing direction become `\u{…}`; line ends become
 * a space.
 */
export function safeText(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/\r\n|[\r\n\t]/gu, ' ')
    .replaceAll(
      /[\p{Cc}\u{61C}\u{200E}\u{200F}\u{2028}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/gu,
      (mark) => {
        return `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`;
      },
    );
}

/** As {@link safeText}, for text of several lines: line ends stay. */
export function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line))
    .join('\n');
}
