import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { LogIn } from './log-in.ts';
import { Problem } from './problem.ts';
import { LANGUAGES, type Language, type Viewer } from './session.ts';

export interface AuthenticateOptions {
  readonly logIn: LogIn;
  /** Cookies travel over TLS only. */
  readonly secure: boolean;
  /** As browsers name this server, when a proxy stands in front. */
  readonly publicOrigin: string | undefined;
}

/** What the page's language switch writes; nothing secret. */
export const LANGUAGE_COOKIE = 'congvan_language';
const MAX_NEXT_LENGTH = 2_000;
/** Of one address; a name is locked by its own count. */
const LOG_INS_PER_MINUTE = 30;
const UNSAFE: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

const logInForm = z.object({
  name: z.string().max(200),
  password: z.string().max(1_000),
  next: z.string().max(MAX_NEXT_LENGTH).optional(),
});

/** With TLS the prefix makes the browser refuse the cookie from anybody but this very host. */
export function sessionCookie(secure: boolean): string {
  return secure ? '__Host-congvan' : 'congvan';
}

/** Finds out who asks, before anything else happens, and refuses what another site sends. */
export function identifyCallers(app: FastifyInstance, options: AuthenticateOptions): void {
  app.decorateRequest('viewer', null);
  app.addHook('onRequest', async (request) => {
    request.viewer = inOwnLanguage(request, viewerOf(request, options));
    if (UNSAFE.has(request.method)) refuseCrossSite(request, options.publicOrigin);
  });
}

/** `POST /login` and `POST /logout`, for a form or a program. */
export function registerLogIn(app: FastifyInstance, { logIn, secure }: AuthenticateOptions): void {
  app.post(
    '/login',
    {
      config: { rateLimit: { max: LOG_INS_PER_MINUTE, timeWindow: '1 minute' } },
      schema: { hide: true },
    },
    async (request, reply) => {
      const form = logInForm.safeParse(request.body);
      if (!form.success) throw new Problem('request-malformed', 'name and password are wanted');
      const { name, password, next } = form.data;
      try {
        const { id, viewer } = await logIn.withPassword(name, password);
        endSession(request, logIn, secure);
        setSession(reply, id, secure);
        if (wantsPage(request)) return await reply.redirect(safeNext(next), 303);
        return await reply.send({ name: viewer.name, role: viewer.role });
      } catch (error) {
        if (!(error instanceof Problem) || !wantsPage(request)) throw error;
        const after = next === undefined ? '' : `&next=${encodeURIComponent(safeNext(next))}`;
        return await reply.redirect(`/login?failed=${error.code}${after}`, 303);
      }
    },
  );
  app.post('/logout', { schema: { hide: true } }, async (request, reply) => {
    endSession(request, logIn, secure);
    void reply.clearCookie(sessionCookie(secure), { path: '/', secure });
    return wantsPage(request) ? await reply.redirect('/login', 303) : await reply.code(204).send();
  });
}

function endSession(request: FastifyRequest, logIn: LogIn, secure: boolean): void {
  const id = request.cookies[sessionCookie(secure)];
  if (id !== undefined) logIn.close(id);
}

export function setSession(reply: FastifyReply, id: string, secure: boolean): void {
  // Lax, not strict: the way back from the identity provider starts at another site.
  void reply.setCookie(sessionCookie(secure), id, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
  });
}

/** A path of this server, whatever was asked: a log-in must not lead to another site. */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])[\x21-\x5B\x5D-\x7E]*$/.test(next)) return '/';
  return next;
}

/** Whether a browser shows the answer to a person. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

function viewerOf(request: FastifyRequest, { logIn, secure }: AuthenticateOptions): Viewer | null {
  const [, token] = /^Bearer ([\x21-\x7E]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token !== undefined) return logIn.ofToken(token);
  const id = request.cookies[sessionCookie(secure)];
  return id === undefined ? null : logIn.ofSession(id);
}

function inOwnLanguage(request: FastifyRequest, viewer: Viewer | null): Viewer | null {
  const chosen = LANGUAGES.find((one) => one === request.cookies[LANGUAGE_COOKIE]);
  return viewer === null || chosen === undefined ? viewer : { ...viewer, language: chosen };
}

/** For people who are not logged in: what they chose, or else what their browser asks for. */
export function languageOf(request: FastifyRequest): Language {
  const chosen = LANGUAGES.find((one) => one === request.cookies[LANGUAGE_COOKIE]);
  if (chosen !== undefined) return chosen;
  const asked = (request.headers['accept-language'] ?? '').toLowerCase().split(',')[0] ?? '';
  return asked.startsWith('en') ? 'en' : 'vi';
}

/**
 * Browsers say where a request comes from (`Sec-Fetch-Site`, or `Origin` with every POST). A request
 * with neither, and without a bearer token, is refused: it may be a form on another site.
 */
function refuseCrossSite(request: FastifyRequest, publicOrigin: string | undefined): void {
  if (request.headers.authorization !== undefined) return;
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin') return;
  const { origin } = request.headers;
  const own = publicOrigin ?? `${request.protocol}://${request.host}`;
  if (site === undefined && origin === own) return;
  throw new Problem('cross-site', 'the form of this server is wanted');
}
