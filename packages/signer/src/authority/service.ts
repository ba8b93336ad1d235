import {
  type RunningService,
  type ServiceHandler,
  type ServiceResponse,
  startService,
} from '../http/server.ts';
import type { Authority } from './authority.ts';
import { SERVICE_PATHS } from './authority-urls.ts';
import { createOcspResponder, ocspHandler } from './ocsp-responder.ts';

/** What an authority gives to the public. */
export interface AuthorityServiceOptions {
  readonly authority: Authority;
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /** Answers time-stamp requests; without it there is no `/tsa`. */
  readonly tsa?: ServiceHandler;
  /** The clock of the OCSP responder; default: the system's. */
  readonly now?: () => Date;
  /** How often lists are looked after, in milliseconds; default ten minutes. */
  readonly upkeepMs?: number;
  /** Called after the service renewed a list by itself: others may keep copies. */
  readonly onRenewed?: () => Promise<void>;
  /** Hears of what failed; clients learn only that it did. */
  readonly onError?: (error: unknown) => void;
}

const UPKEEP_MS = 600_000;

/**
 * Serves CRLs (`/crl/…`), CA certificates (`/ca/…`), OCSP (`/ocsp`) and time-stamps (`/tsa`) over plain
 * HTTP: everything in the answers is signed (RFC 5280 §8). Lists are renewed before they end, by the
 * service itself.
 *
 * Where the address of the authority has a path, the same stands below that path too.
 *
 * @throws {@link SignerError} what renewing the lists throws.
 */
export async function startAuthorityService(
  options: AuthorityServiceOptions,
): Promise<RunningService> {
  const { authority, host, port, tsa, now, onError } = options;
  await renewLists(options);
  const responder = createOcspResponder({
    authority,
    ...(now === undefined ? {} : { now }),
    ...(onError === undefined ? {} : { onError }),
  });
  const handlers = new Map<string, ServiceHandler>([
    [SERVICE_PATHS.crl, fileHandler(authority, /\.crl$/, 'application/pkix-crl')],
    [SERVICE_PATHS.ca, fileHandler(authority, /\.crt$/, 'application/pkix-cert')],
    [SERVICE_PATHS.ocsp, ocspHandler(responder)],
  ]);
  if (tsa !== undefined) handlers.set(SERVICE_PATHS.tsa, tsa);
  const below = authority.baseUrl === undefined ? '' : new URL(authority.baseUrl).pathname;
  const prefixes = new Set(['', below.replace(/\/+$/, '')]);
  const routes = new Map(
    [...prefixes].flatMap((prefix) =>
      [...handlers].map(([path, handler]) => [`${prefix}${path}`, handler] as const),
    ),
  );
  const service = await startService({
    routes,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(onError === undefined ? {} : { onError }),
  });
  let isBusy = false;
  const upkeep = setInterval(() => {
    if (isBusy) return; // the folder may be held for longer than the interval
    isBusy = true;
    renewLists(options)
      .catch((error: unknown) => onError?.(error))
      .finally(() => {
        isBusy = false;
      });
  }, options.upkeepMs ?? UPKEEP_MS);
  return {
    url: service.url,
    async [Symbol.asyncDispose]() {
      clearInterval(upkeep);
      await service[Symbol.asyncDispose]();
    },
  };
}

async function renewLists({ authority, onRenewed }: AuthorityServiceOptions): Promise<void> {
  const before = authority.version();
  await authority.renewDueLists();
  if (authority.version() !== before) await onRenewed?.();
}

/** Files that change seldom: caches on the way may keep them for some minutes. */
function fileHandler(authority: Authority, kind: RegExp, mediaType: string): ServiceHandler {
  return ({ method, rest }) => {
    const name = rest.slice(1);
    const body = kind.test(name) ? authority.publicFile(name) : undefined;
    return Promise.resolve(answerWith(method === 'GET' ? body : undefined, mediaType));
  };
}

function answerWith(body: Uint8Array | undefined, mediaType: string): ServiceResponse {
  if (body === undefined) return { status: 404, mediaType: 'text/plain', body: new Uint8Array() };
  return { mediaType, body, headers: { 'cache-control': 'public, max-age=300' } };
}
