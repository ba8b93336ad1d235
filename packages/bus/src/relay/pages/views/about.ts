import type { Display } from '../context.ts';
import { html } from '../html.ts';
import type { PageContent } from '../layout.ts';

/** What every number on the pages means. */
export function aboutPage({ t }: Display): PageContent {
  return {
    title: t.about.title,
    section: 'about',
    crumbs: [{ name: t.about.title }],
    body: html`<div class="prose">
      ${t.glossary.map(
        ({ title, terms }, index) =>
          html`<section class="card" aria-labelledby=${`about-${index}`}>
            <h2 id=${`about-${index}`}>${title}</h2>
            <dl class="definitions">
              ${terms.map(
                ([term, meaning]) =>
                  html`<dt>${term}</dt>
                    <dd>${meaning}</dd>`,
              )}
            </dl>
          </section>`,
      )}
      <p class="quiet">${t.about.more}</p>
    </div>`,
  };
}
