import { segment } from '../address.ts';
import { type PageContext, other } from '../context.ts';
import { type Markup, html } from '../html.ts';
import { said } from '../said.ts';

/** An agency among others: its name, and its page where the viewer may see one. */
export function agencyLink(
  context: PageContext,
  code: string,
  name: string | null,
  maxCharacters?: number,
): Markup {
  const shown = said(name ?? code, maxCharacters);
  if (!context.source.maySee(code)) return shown;
  return html`<a href=${other(context, `/agencies/${segment(code)}`)}>${shown}</a>`;
}
