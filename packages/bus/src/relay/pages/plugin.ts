import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { isAgencyCode } from '../../agency/code.ts';
import type { PublicationRow } from '../audit/publications.ts';
import { dateInVietnam } from '../../calendar/vietnam-time.ts';
import { languageOf } from '../http/authenticate.ts';
import { AtOnce, FILES_AT_ONCE } from '../http/at-once.ts';
import { type Problem, notFound } from '../http/problem.ts';
import { type Viewer, requireViewer } from '../http/session.ts';
import type { FiguresSource } from '../http/source.ts';
import { registerAssets } from './assets.ts';
import { type Display, NEVER_SETTLED, type PageContext } from './context.ts';
import { writeCsv } from './csv.ts';
import { formatFor } from './format.ts';
import { type Frame, type PageContent, layOut } from './layout.ts';
import { readPageQuery } from './page-query.ts';
import { keepPreferences, themeOf } from './preferences.ts';
import { textsOf } from './texts.ts';
import { aboutPage } from './views/about.ts';
import { agenciesPage } from './views/agencies.ts';
import { agencyPage } from './views/agency.ts';
import { contradictionsPage } from './views/contradictions.ts';
import { deliveriesPage } from './views/deliveries.ts';
import { documentPage } from './views/document.ts';
import { documentsPage, narrowingOf, trackAddress } from './views/documents.ts';
import { gapsPage } from './views/gaps.ts';
import { healthPage } from './views/health.ts';
import { loginPage } from './views/login.ts';
import { overviewPage } from './views/overview.ts';
import { problemPage } from './views/problem.ts';
import { publicationsPage } from './views/publications.ts';
import { registerPage } from './views/register.ts';

export interface PagesOptions {
  readonly source: FiguresSource;
  /** Cookies travel over TLS only. */
  readonly secure: boolean;
  readonly now: () => Date;
  /** Where the log-in of the identity provider starts; left out when there is none. */
  readonly identityProvider?: string | undefined;
  /** Closed months and corrections, newest first. */
  readonly publications?: (viewer: Viewer) => readonly PublicationRow[];
}

/** What the server around the pages needs of them. */
export interface Pages {
  /** A problem as a page, for somebody who may not even be logged in. */
  renderProblem(request: FastifyRequest, problem: Problem): string;
}

type Render = (context: PageContext, request: FastifyRequest) => PageContent | Promise<PageContent>;

/** Of one account; a file may have as many rows as a hundred pages. */
const CSV_PER_MINUTE = 60;
const HTML = 'text/html; charset=utf-8';
/** Made once: setting up the rules of a language takes longer than a page. */
const FORMATS = { vi: formatFor('vi', textsOf('vi')), en: formatFor('en', textsOf('en')) } as const;

/** Adds the pages for people to the server. Every figure on them is asked of the viewer's own source. */
export function registerPages(app: FastifyInstance, options: PagesOptions): Pages {
  const assets = registerAssets(app);
  const displayOf = (request: FastifyRequest): Display => describeDisplay(request, assets);

  const page = (path: string, render: Render): void => {
    app.get(path, { schema: { hide: true } }, async (request, reply) => {
      if (await keepPreferences(request, reply, options.secure)) return reply;
      const context = contextOf(request, options, displayOf(request));
      const content = await render(context, request);
      return await send(reply, layOut(frameOf(context), content));
    });
  };
  page('/', overviewPage);
  page('/agencies', agenciesPage);
  page('/agencies/:code', (context, request) => {
    const code = pathPart(request, 'code');
    if (!isAgencyCode(code)) throw notFound();
    return agencyPage(context, code);
  });
  page('/deliveries', (context) => deliveriesPage(context));
  page('/overdue', (context) => deliveriesPage(context, 'overdue'));
  page('/gaps', gapsPage);
  page('/register', registerPage);
  page('/contradictions', contradictionsPage);
  page('/documents/:id', (context, request) => {
    const id = pathPart(request, 'id');
    const { from } = context.query;
    const { documents, hasMore } = context.source.documents(id, from && { from });
    const [first, ...others] = documents;
    if (first === undefined) throw notFound();
    return documentPage(context, id, from, [first, ...others], hasMore);
  });
  page('/publications', (context) =>
    publicationsPage(context, options.publications?.(context.viewer) ?? []),
  );
  page('/health', async (context) => {
    const { role } = context.viewer;
    if (role === 'agency') throw notFound();
    return healthPage(context, role === 'operator' ? await context.source.health() : null);
  });
  page('/about', aboutPage);
  registerSearch(app, options, displayOf);
  registerLogInPage(app, options, displayOf);
  registerCsv(app, options);
  return {
    renderProblem: (request, problem) => {
      const display = displayOf(request);
      const frame: Frame = { display, viewer: request.viewer, asOf: null, carried: {} };
      return layOut(frame, problemPage(display, problem));
    },
  };
}

/** One document found is shown at once; several, or none, are listed. */
function registerSearch(
  app: FastifyInstance,
  options: PagesOptions,
  displayOf: (request: FastifyRequest) => Display,
): void {
  app.get('/documents', { schema: { hide: true } }, async (request, reply) => {
    if (await keepPreferences(request, reply, options.secure)) return reply;
    const context = contextOf(request, options, displayOf(request));
    const asked = (context.query.q ?? '').trim();
    const found =
      asked === ''
        ? { documents: [], hasMore: false }
        : context.source.documents(asked, narrowingOf(context));
    const [only] = found.documents;
    const isOne = !found.hasMore && new Set(found.documents.map(trackAddress)).size === 1;
    if (only !== undefined && isOne) return await reply.redirect(trackAddress(only), 303);
    return await send(reply, layOut(frameOf(context), documentsPage(context, asked, found)));
  });
}

function registerLogInPage(
  app: FastifyInstance,
  options: PagesOptions,
  displayOf: (request: FastifyRequest) => Display,
): void {
  app.get('/login', { schema: { hide: true } }, async (request, reply) => {
    if (await keepPreferences(request, reply, options.secure)) return reply;
    const query = new URLSearchParams(request.url.split('?')[1] ?? '');
    const failed = query.get('failed');
    const display = displayOf(request);
    const content = loginPage(display, {
      next: query.get('next') ?? '/',
      fault: failed === null ? undefined : failed === 'too-many-requests' ? 'locked' : 'failed',
      identityProvider: options.identityProvider,
    });
    return await send(reply, layOut({ display, viewer: null, asOf: null, carried: {} }, content));
  });
}

function registerCsv(app: FastifyInstance, { source }: PagesOptions): void {
  const atOnce = new AtOnce(FILES_AT_ONCE);
  const config = { rateLimit: { max: CSV_PER_MINUTE, timeWindow: '1 minute' } };
  app.get('/csv/:name', { config, schema: { hide: true } }, async (request, reply) => {
    const viewer = requireViewer(request);
    const name = pathPart(request, 'name');
    const file = await atOnce.hold(viewer, reply, () => {
      const lines = writeCsv(source.for(viewer), name, request.query);
      // The first line is computed before the answer begins: a bad question still gets its problem.
      return Readable.from(withFirst(lines.next(), lines));
    });
    return await reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="${name}.csv"`)
      .header('cache-control', 'private, no-store')
      .send(file);
  });
}

function* withFirst(first: IteratorResult<string>, rest: Iterable<string>): Generator<string> {
  if (first.done !== true) yield first.value;
  yield* rest;
}

function describeDisplay(request: FastifyRequest, assets: Display['assets']): Display {
  const language = request.viewer?.language ?? languageOf(request);
  const t = textsOf(language);
  const [path = '/', query = ''] = request.url.split('?', 2);
  const { lang, theme, ...parameters } = Object.fromEntries(
    [...new URLSearchParams(query)].filter(([, value]) => value !== ''),
  );
  void lang;
  void theme;
  const f = FORMATS[language];
  return { language, theme: themeOf(request), t, f, path, parameters, assets };
}

function contextOf(request: FastifyRequest, options: PagesOptions, display: Display): PageContext {
  const viewer = requireViewer(request);
  const source = options.source.for(viewer);
  const asOf = source.asOf();
  const today = asOf.day === NEVER_SETTLED ? dateInVietnam(options.now()) : asOf.day;
  const query = readPageQuery(request.query, today);
  return { ...display, viewer, source, query, asOf, today };
}

function frameOf(context: PageContext): Frame {
  const { period, structure } = context.query;
  const named = context.parameters['period'] === undefined ? undefined : period.text;
  return {
    display: context,
    viewer: context.viewer,
    asOf: context.asOf,
    carried: { period: named, structure },
  };
}

function pathPart(request: FastifyRequest, name: string): string {
  const { params } = request;
  const value: unknown =
    typeof params === 'object' && params !== null ? Reflect.get(params, name) : undefined;
  return typeof value === 'string' ? value : '';
}

async function send(reply: FastifyReply, page: string): Promise<FastifyReply> {
  return await reply.type(HTML).header('cache-control', 'private, no-store').send(page);
}
