import { timingSafeEqual } from 'node:crypto';

import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  type Configuration,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';

import { type RelayLog, describeError } from '../log.ts';
import type { ProviderLogIn, WebStore } from '../storage/web-store.ts';
import { hashSecret } from './accounts.ts';
import { httpFailed, isLoopback } from './address.ts';
import { safeNext, setSession } from './authenticate.ts';
import type { LogIn } from './log-in.ts';
import { Problem } from './problem.ts';
import { type Claims, viewerOfClaims } from './provider-claims.ts';
import type { OidcSettings } from './settings.ts';

export interface OidcOptions {
  readonly settings: OidcSettings;
  readonly clientSecret: string;
  readonly store: WebStore;
  readonly logIn: LogIn;
  readonly secure: boolean;
  readonly publicOrigin: string | undefined;
  readonly log: RelayLog;
  readonly now: () => Date;
}

/** Where the log-in at the identity provider starts; `next` names the page to go on at. */
export const PROVIDER_LOG_IN = '/login/oidc';
const CALLBACK = `${PROVIDER_LOG_IN}/callback`;
const STATE_COOKIE = 'congvan_oidc';
const LONGEST_LOG_IN_MS = 10 * 60_000;
const MAX_LOG_INS_AWAY = 1_000;
const PROVIDER_TIMEOUT_SECONDS = 10;
const STARTS_PER_MINUTE = 30;

/**
 * Log-in through an identity provider: authorization code with PKCE (OpenID Connect Core §3.1, RFC 7636).
 *
 * State, nonce and verifier are kept here, and the state in the browser too: a code that somebody
 * else started with opens nothing.
 *
 * @throws {@link BusError} `BUS_HTTP_FAILED` for a provider outside this machine without TLS.
 */
export function registerProviderLogIn(app: FastifyInstance, options: OidcOptions): void {
  const { store, logIn, secure, now, log, settings } = options;
  const configuration = lazyDiscovery(options);
  const config = { rateLimit: { max: STARTS_PER_MINUTE, timeWindow: '1 minute' } };
  const schema = { hide: true };
  const cookie = { path: PROVIDER_LOG_IN, httpOnly: true, sameSite: 'lax', secure } as const;

  app.get(PROVIDER_LOG_IN, { config, schema }, async (request, reply) => {
    const provider = await configuration();
    const state = randomState();
    const verifier = randomPKCECodeVerifier();
    const nonce = randomNonce();
    const next = safeNext(queryOf(request).get('next') ?? undefined);
    const away = { verifier, nonce, next, createdMs: now().getTime() };
    store.addProviderLogIn(hashSecret(state), away, MAX_LOG_INS_AWAY);
    void reply.setCookie(STATE_COOKIE, state, { ...cookie, maxAge: LONGEST_LOG_IN_MS / 1_000 });
    const url = buildAuthorizationUrl(provider, {
      redirect_uri: new URL(CALLBACK, originOf(request, options)).href,
      scope: settings.scopes.join(' '),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return await reply.header('cache-control', 'no-store').redirect(url.href, 303);
  });

  app.get(CALLBACK, { config, schema }, async (request, reply) => {
    void reply.clearCookie(STATE_COOKIE, cookie);
    const state = queryOf(request).get('state') ?? '';
    const away = takeLogIn(request, state, options);
    const failed = `/login?failed=log-in-failed&next=${encodeURIComponent(away?.next ?? '/')}`;
    if (away === undefined) return await reply.redirect(failed, 303);
    let claims: Claims;
    try {
      const url = new URL(request.url, originOf(request, options));
      claims = await fetchClaims(await configuration(), url, state, away);
    } catch (error) {
      log('warn', 'log-in at the identity provider failed', describeError(error));
      return await reply.redirect(failed, 303);
    }
    const viewer = viewerOfClaims(claims, settings);
    if (viewer === null) {
      log('warn', 'the identity provider gives this person no role', {
        person: typeof claims['sub'] === 'string' ? claims['sub'].slice(0, 100) : '',
      });
      return await reply.redirect(failed, 303);
    }
    setSession(reply, logIn.open(viewer, null), secure);
    return await reply.redirect(away.next, 303);
  });
}

/** The provider is asked once somebody logs in, and again after a failure: it may be down when we start. */
function lazyDiscovery({ settings, clientSecret, log }: OidcOptions): () => Promise<Configuration> {
  const issuer = new URL(settings.issuer);
  const plain = issuer.protocol === 'http:';
  if (plain && !isLoopback(issuer.hostname.replaceAll(/[[\]]/g, ''))) {
    throw httpFailed(`oidc.issuer ${settings.issuer}: https is wanted outside this machine`);
  }
  let found: Promise<Configuration> | undefined;
  return async () => {
    found ??= discovery(issuer, settings.clientId, clientSecret, undefined, {
      timeout: PROVIDER_TIMEOUT_SECONDS,
      ...(plain ? { execute: [allowInsecureRequests] } : {}),
    });
    try {
      return await found;
    } catch (error) {
      found = undefined;
      log('error', 'the identity provider does not answer', describeError(error));
      throw new Problem('not-available', 'the identity provider does not answer');
    }
  };
}

async function fetchClaims(
  provider: Configuration,
  url: URL,
  expectedState: string,
  { verifier, nonce }: ProviderLogIn,
): Promise<Claims> {
  const tokens = await authorizationCodeGrant(provider, url, {
    expectedState,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (claims === undefined) throw new Problem('log-in-failed', 'the provider sent no ID token');
  if (provider.serverMetadata().userinfo_endpoint === undefined) return claims;
  const more = await fetchUserInfo(provider, tokens.access_token, claims.sub);
  // What is signed outweighs what is not.
  return { ...more, ...claims };
}

/** The log-in that this browser started, given out once. */
function takeLogIn(
  request: FastifyRequest,
  state: string,
  { store, now }: OidcOptions,
): ProviderLogIn | undefined {
  const kept = request.cookies[STATE_COOKIE] ?? '';
  const asked = Buffer.from(hashSecret(state));
  if (state === '' || !timingSafeEqual(asked, Buffer.from(hashSecret(kept)))) return undefined;
  const away = store.takeProviderLogIn(hashSecret(state));
  if (away === undefined || now().getTime() - away.createdMs > LONGEST_LOG_IN_MS) return undefined;
  return away;
}

function originOf(request: FastifyRequest, { publicOrigin }: OidcOptions): string {
  return publicOrigin ?? `${request.protocol}://${request.host}`;
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(request.url.split('?', 2)[1] ?? '');
}
