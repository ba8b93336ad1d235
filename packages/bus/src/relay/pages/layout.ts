import type { AsOf } from '../figures/types.ts';
import type { Viewer } from '../http/session.ts';
import { LANGUAGES } from '../http/session.ts';
import { address } from './address.ts';
import { type Display, NEVER_SETTLED, THEMES, here } from './context.ts';
import { type Markup, html, renderDocument } from './html.ts';
import { patterns } from './parts/bar.ts';
import { said } from './said.ts';

/** A step on the way from the overview to a page; the page itself has no address. */
export interface Crumb {
  readonly name: Markup;
  readonly href?: string;
}

export interface PageContent {
  /** Plain text, for the window and the history. */
  readonly title: string;
  /** Where it differs from the title. */
  readonly heading?: Markup;
  readonly crumbs?: readonly Crumb[];
  /** The name of the page in the navigation that this one belongs to. */
  readonly section?: Section;
  readonly body: Markup;
}

export type Section =
  'overview' | 'agencies' | 'documents' | 'overdue' | 'gaps' | 'publications' | 'health' | 'about';

const PATHS: Readonly<Record<Section, string>> = {
  overview: '/',
  agencies: '/agencies',
  documents: '/documents',
  overdue: '/overdue',
  gaps: '/gaps',
  publications: '/publications',
  health: '/health',
  about: '/about',
};

const SECTIONS = Object.keys(PATHS) as readonly Section[];

export interface Frame {
  readonly display: Display;
  readonly viewer: Viewer | null;
  /** `null` on pages that show no figures. */
  readonly asOf: AsOf | null;
  /** What links to other pages take along: the period above all. */
  readonly carried: Readonly<Record<string, string | undefined>>;
}

/** @returns the whole page as HTML. */
export function layOut(frame: Frame, page: PageContent): string {
  const { display, viewer, asOf } = frame;
  const { t, language, theme, assets } = display;
  const name = `${page.title} · ${t.site}`;
  return renderDocument(
    html`<html lang=${language} data-theme=${theme}>
      <head>
        <meta charset="utf-8" />
        <title>${name}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content=${theme === 'auto' ? 'light dark' : theme} />
        <meta name="referrer" content="same-origin" />
        <link rel="stylesheet" href=${assets.style} />
        <link rel="icon" href=${assets.icon} type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#main">${t.skip}</a>
        ${patterns()} ${top(frame, page.section)}
        <main id="main" tabindex="-1">
          ${crumbs(display, page)}
          <h1>${page.heading ?? page.title}</h1>
          ${page.body}
        </main>
        ${foot(display, asOf, viewer !== null)}
      </body>
    </html>`,
  );
}

function top(frame: Frame, section: Section | undefined): Markup {
  const { display, viewer } = frame;
  const { t } = display;
  return html`<header class="top">
    <div class="top-line">
      <a class="brand" href=${address('/', frame.carried)}>
        ${emblem()}
        <span class="brand-words"><strong>${t.site}</strong> <span>${t.tagline}</span></span>
      </a>
      ${viewer !== null && account(display, viewer)}
    </div>
    ${viewer !== null && navigation(frame, viewer, section)}
  </header>`;
}

/** A document that became four tiers of lines. */
function emblem(): Markup {
  return html`<svg class="emblem" viewBox="0 0 32 32" aria-hidden="true">
    <rect class="paper" x="4" y="2" width="24" height="28" rx="3" />
    <path class="lines" d="M9 9h14M9 14h11M9 19h8M9 24h5" />
  </svg>`;
}

function navigation(frame: Frame, viewer: Viewer, section: Section | undefined): Markup {
  const { t } = frame.display;
  const shown = SECTIONS.filter((name) => name !== 'health' || viewer.role !== 'agency');
  return html`<nav class="sections" aria-label=${t.nav.label}>
    <ul>
      ${shown.map((name) => {
        const href = address(PATHS[name], frame.carried);
        const current = name === section ? 'page' : undefined;
        return html`<li><a href=${href} aria-current=${current}>${t.nav[name]}</a></li>`;
      })}
    </ul>
  </nav>`;
}

function account(display: Display, viewer: Viewer): Markup {
  const { signedInAs, signOut, roles, scope, label } = display.t.account;
  return html`<div class="account" role="group" aria-label=${label}>
    <span>
      <span class="spoken">${signedInAs} </span>${said(viewer.name, 40)}${' '}
      <span class="quiet"
        >(${roles[viewer.role]}${viewer.scope !== null && html`, ${scope(viewer.scope)}`})</span
      >
    </span>
    <form method="post" action="/logout">
      <button type="submit" class="plain">${signOut}</button>
    </form>
  </div>`;
}

function crumbs(display: Display, page: PageContent): Markup {
  if (page.crumbs === undefined || page.crumbs.length === 0) return null;
  const steps: readonly Crumb[] = [{ name: display.t.nav.overview, href: '/' }, ...page.crumbs];
  return html`<nav class="crumbs" aria-label=${display.t.breadcrumbs}>
    <ol>
      ${steps.map(({ name, href }) =>
        href === undefined
          ? html`<li aria-current="page">${name}</li>`
          : html`<li><a href=${href}>${name}</a></li>`,
      )}
    </ol>
  </nav>`;
}

function foot(display: Display, asOf: AsOf | null, isReadOnly: boolean): Markup {
  const { t, f } = display;
  return html`<footer class="foot">
    <div>
      ${
        asOf !== null &&
        html`<p>
          ${t.footer.asOf(f.count(asOf.record), asOf.day === NEVER_SETTLED ? '—' : f.day(asOf.day))}
        </p>`
      }
      ${isReadOnly && html`<p>${t.footer.readOnly}</p>`}
    </div>
    ${preferences(display)}
  </footer>`;
}

/** Links, so that they work without a script: the answer sets a cookie and comes back to the page. */
function preferences(display: Display): Markup {
  const { t, language, theme } = display;
  const names = { vi: 'Tiếng Việt', en: 'English' } as const;
  return html`<nav class="preferences" aria-label=${t.preferences.label}>
    <ul aria-label=${t.preferences.language}>
      ${LANGUAGES.map(
        (one) =>
          html`<li>
            <a
              href=${here(display, { ...again(display), lang: one })}
              lang=${one}
              hreflang=${one}
              aria-current=${one === language ? 'true' : undefined}
              >${names[one]}</a
            >
          </li>`,
      )}
    </ul>
    <ul aria-label=${t.preferences.theme}>
      ${THEMES.map(
        (one) =>
          html`<li>
            <a
              href=${here(display, { ...again(display), theme: one })}
              aria-current=${one === theme ? 'true' : undefined}
              >${t.preferences.themes[one]}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`;
}

/** The page of a list is kept: only its looks change. */
function again(display: Display) {
  return { after: display.parameters['after'] };
}
