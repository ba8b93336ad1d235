import { type Markup, html } from './html.ts';

/** Characters of a name or an abstract that a table shows; the document's own page shows all. */
const MAX_SHOWN_CHARACTERS = 160;

/** Controls, direction overrides, joiners without a letter beside them: they change what stands around them. */
const INVISIBLE = /[\p{Cc}\u200B\u200E\u200F\u061C\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/gu;

/**
 * Words of an agency, cut and with invisible characters shown as `�`: a name must not be able to turn
 * the line around or to push the rest of the page away.
 */
export function visible(text: string, maxCharacters: number = MAX_SHOWN_CHARACTERS): string {
  const spaced = text.replace(/[\t\r\n]+/gu, ' ').replace(INVISIBLE, '\u{FFFD}');
  const characters = Array.from(spaced.slice(0, maxCharacters * 2 + 2));
  if (characters.length <= maxCharacters) return spaced;
  return `${characters.slice(0, maxCharacters).join('')}…`;
}

/** {@link visible} in an element of its own direction. */
export function said(text: string, maxCharacters?: number): Markup {
  return html`<bdi class="said">${visible(text, maxCharacters)}</bdi>`;
}
