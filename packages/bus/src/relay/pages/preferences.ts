import type { FastifyReply, FastifyRequest } from 'fastify';

import { LANGUAGE_COOKIE } from '../http/authenticate.ts';
import { LANGUAGES } from '../http/session.ts';
import { address } from './address.ts';
import { THEMES, type Theme } from './context.ts';

const THEME_COOKIE = 'congvan_theme';
const ONE_YEAR_S = 365 * 24 * 60 * 60;

export function themeOf(request: FastifyRequest): Theme {
  return THEMES.find((one) => one === request.cookies[THEME_COOKIE]) ?? 'auto';
}

/**
 * `?lang=en` and `?theme=dark` on any page are kept in a cookie; then the page without them is asked
 * for again. Nothing else changes, so a link of another site can do no harm with it.
 *
 * @returns whether the answer was given.
 */
export async function keepPreferences(
  request: FastifyRequest,
  reply: FastifyReply,
  secure: boolean,
): Promise<boolean> {
  const query = new URLSearchParams(request.url.split('?')[1] ?? '');
  const language = LANGUAGES.find((one) => one === query.get('lang'));
  const theme = THEMES.find((one) => one === query.get('theme'));
  if (language === undefined && theme === undefined) return false;
  const options = {
    path: '/',
    sameSite: 'lax',
    httpOnly: true,
    secure,
    maxAge: ONE_YEAR_S,
  } as const;
  if (language !== undefined) void reply.setCookie(LANGUAGE_COOKIE, language, options);
  if (theme !== undefined) void reply.setCookie(THEME_COOKIE, theme, options);
  query.delete('lang');
  query.delete('theme');
  const path = request.url.split('?', 1)[0] ?? '/';
  await reply.redirect(address(path, Object.fromEntries(query)), 303);
  return true;
}
