import type { ConsumerState, StreamState } from '../broker/stream-admin.ts';
import { compareVersions } from '../local-server/find.ts';
import { SILENT_AFTER_MS } from '../presence/last-seen.ts';
import type { Place } from './bus-plan.ts';
import { type MainSource, fillsFromSources } from './main-source.ts';

/** Below this release a start is warned of: it has not been maintained for years. */
const OLDEST_ADVISED_VERSION = '2.11.0';
/** The oldest patch of each minor release that the published advisories leave; older minors get no fixes. */
const SUPPORTED_VERSIONS: readonly string[] = ['2.12.12', '2.14.3'];

export const STREAM_FULL_WARN = 0.8;
export const STREAM_FULL_FAIL = 0.95;
/** A source in order is heard from every few seconds. */
export const SOURCE_SILENT_MS = 30_000;
export const PROBE_SLOW_MS = 2_000;
const CLOCK_WARN_MS = 5_000;
/** User tokens are valid from five minutes before they were made: a worse clock shuts people out. */
const CLOCK_FAIL_MS = 240_000;
const EXPIRY_WARN_DAYS = 21;
/** A site service writes it every 20 seconds, but not in its first three minutes. */
const PRESENCE_OLD_MS = SILENT_AFTER_MS + 60_000;
const DAY_MS = 86_400_000;

export type HealthState = 'ok' | 'warn' | 'fail';

export type HealthCode =
  | 'unreachable'
  | 'version'
  | 'version-unsupported'
  | 'stream-missing'
  | 'stream-full'
  | 'stream-full-by-sources'
  | 'stream-no-leader'
  | 'stream-stale-copy'
  | 'source-silent'
  | 'source-error'
  | 'accounts'
  | 'server-unread'
  | 'another-server'
  | 'jetstream'
  | 'jetstream-off'
  | 'store-full'
  | 'cluster'
  | 'cluster-no-leader'
  | 'peer-down'
  | 'peer-apart'
  | 'peer-unplanned'
  | 'account-missing'
  | 'account-older'
  | 'account-newer'
  | 'site-service'
  | 'site-service-silent'
  | 'centre-service'
  | 'centre-service-silent'
  | 'presence-old'
  | 'agencies-silent'
  | 'agencies-stuck'
  | 'probe'
  | 'probe-failed'
  | 'clock'
  | 'certificate'
  | 'certificate-unread'
  | 'credentials'
  | 'disk'
  | 'disk-elsewhere';

/** One thing found; the words and the next step are those of whoever shows it. */
export interface HealthFinding {
  readonly code: HealthCode;
  readonly state: HealthState;
  readonly place: string;
  /** The server, stream, file or agency that it is about. */
  readonly about: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Judges a server's release. */
export function judgeVersion(place: string, server: string, version: string): HealthFinding {
  const supported = isSupported(version);
  return {
    code: supported ? 'version' : 'version-unsupported',
    state: supported ? 'ok' : 'warn',
    place,
    about: server,
    values: {
      version,
      wanted: SUPPORTED_VERSIONS.join(' / '),
      old: compareVersions(version, OLDEST_ADVISED_VERSION) < 0 ? 1 : 0,
    },
  };
}

function isSupported(version: string): boolean {
  const newest = SUPPORTED_VERSIONS.at(-1) ?? version;
  if (compareVersions(version, newest) >= 0) return true;
  const minor = version.split('.').slice(0, 2).join('.');
  return SUPPORTED_VERSIONS.some(
    (least) => least.startsWith(`${minor}.`) && compareVersions(version, least) >= 0,
  );
}

/**
 * Judges the streams of a place; a missing one stands in `states` as `undefined`.
 *
 * @param mainSources - of streams that fill from several sites and are full, where somebody counted.
 */
export function judgeStreams(
  place: Place,
  states: ReadonlyMap<string, StreamState | undefined>,
  mainSources: ReadonlyMap<string, MainSource> = new Map(),
): HealthFinding[] {
  return place.streams.flatMap((plan): HealthFinding[] => {
    const { name } = plan;
    const finding = (
      code: HealthCode,
      state: HealthState,
      values: HealthFinding['values'] = {},
    ): HealthFinding => ({ code, state, place: place.id, about: name, values });
    const found = states.get(name);
    if (found === undefined) return [finding('stream-missing', 'fail')];
    const findings: HealthFinding[] = [];
    const fill = fillOf(found);
    if (fill >= STREAM_FULL_WARN) {
      const code = fillsFromSources(plan) ? 'stream-full-by-sources' : 'stream-full';
      const state = fill >= STREAM_FULL_FAIL ? 'fail' : 'warn';
      const main = mainSources.get(name);
      findings.push(
        finding(code, state, {
          percent: Math.floor(fill * 100),
          maxBytes: found.maxBytes,
          messageCount: found.messageCount,
          ...(main === undefined
            ? {}
            : { source: main.stream, sourceMessageCount: main.messageCount }),
        }),
      );
    }
    if (place.servers.length > 1 && found.leader === null) {
      findings.push(finding('stream-no-leader', 'fail'));
    }
    for (const source of found.sources) {
      const values = { source: source.stream, lag: source.lagCount };
      if (source.error !== null) {
        findings.push(finding('source-error', 'warn', { ...values, error: source.error }));
      } else if (source.silentMs === null || source.silentMs > SOURCE_SILENT_MS) {
        const seconds = source.silentMs === null ? -1 : Math.round(source.silentMs / 1000);
        findings.push(finding('source-silent', 'warn', { ...values, seconds }));
      }
    }
    return findings;
  });
}

/** The part of a stream that is taken, 0 to 1; 0 for one without a limit. */
export function fillOf({ bytes, maxBytes }: StreamState): number {
  return maxBytes > 0 ? bytes / maxBytes : 0;
}

/** Judges who reads its inbox: nobody pulls although something waits, or nothing is acknowledged. */
export function judgeAgencies(
  place: string,
  stream: string,
  consumers: readonly ConsumerState[],
): HealthFinding[] {
  const namesOf = (some: readonly ConsumerState[]): string[] => [
    ...new Set(some.map(({ name }) => name.replace(/_[un]$/, ''))),
  ];
  const silent = namesOf(
    consumers.filter(({ waitingPullCount, pendingCount, ackPendingCount }) => {
      return waitingPullCount === 0 && pendingCount + ackPendingCount > 0;
    }),
  );
  const stuck = namesOf(
    consumers.filter(
      ({ waitingPullCount, ackPendingCount, maxAckPending }) =>
        waitingPullCount > 0 && maxAckPending > 0 && ackPendingCount >= maxAckPending,
    ),
  );
  const finding = (code: HealthCode, names: readonly string[]): HealthFinding[] =>
    names.length === 0
      ? []
      : [
          {
            code,
            state: 'warn',
            place,
            about: stream,
            values: { count: names.length, agencies: shorten(names) },
          },
        ];
  return [...finding('agencies-silent', silent), ...finding('agencies-stuck', stuck)];
}

/** An account as a server has it, seen from the operator's keys. */
export type AccountState = 'same' | 'missing' | 'older' | 'newer';

/**
 * Judges the accounts of a server. One that is not that of the keys fails: the older one lets in
 * who was revoked since, and where the server has the newer one the keys are an old copy.
 *
 * @param states - by the name of the account.
 */
export function judgeAccounts(
  place: string,
  server: string,
  states: ReadonlyMap<string, AccountState>,
): HealthFinding[] {
  const findings = (['missing', 'older', 'newer'] as const).flatMap((wrong): HealthFinding[] => {
    const names = [...states].filter(([, state]) => state === wrong).map(([name]) => name);
    if (names.length === 0) return [];
    const values = { count: names.length, accounts: firstOf(names) };
    return [{ code: `account-${wrong}`, state: 'fail', place, about: server, values }];
  });
  if (findings.length > 0) return findings;
  return [{ code: 'accounts', state: 'ok', place, about: server, values: { count: states.size } }];
}

/**
 * Judges a service that answers for a place, or for the centre.
 *
 * @param isUsed - false: nobody has been entered and nothing was sent, so it may not have begun.
 */
export function judgeService(
  service: 'site-service' | 'centre-service',
  place: string,
  isThere: boolean,
  isUsed: boolean,
): HealthFinding {
  const finding = { place, about: place, values: {} };
  if (isThere) return { ...finding, code: service, state: 'ok' };
  return { ...finding, code: `${service}-silent`, state: isUsed ? 'fail' : 'warn' };
}

/** Judges the file in which a site service keeps who is there; nothing to say of one that is kept. */
export function judgePresence(file: string, writtenAt: Date, now: Date): HealthFinding[] {
  const ageMs = now.getTime() - writtenAt.getTime();
  if (ageMs <= PRESENCE_OLD_MS) return [];
  const values = { minutes: Math.floor(ageMs / 60_000) };
  return [{ code: 'presence-old', state: 'fail', place: '', about: file, values }];
}

export function judgeClock(place: string, server: string, differenceMs: number): HealthFinding {
  const off = Math.abs(differenceMs);
  const state = off >= CLOCK_FAIL_MS ? 'fail' : off >= CLOCK_WARN_MS ? 'warn' : 'ok';
  return { code: 'clock', state, place, about: server, values: { differenceMs } };
}

/** `null`: it never expires. */
export function judgeExpiry(
  code: 'certificate' | 'credentials',
  place: string,
  about: string,
  expiresAt: Date | null,
  now: Date,
): HealthFinding {
  if (expiresAt === null) return { code, state: 'ok', place, about, values: { days: -1 } };
  const days = Math.floor((expiresAt.getTime() - now.getTime()) / DAY_MS);
  const state = days < 0 ? 'fail' : days < EXPIRY_WARN_DAYS ? 'warn' : 'ok';
  return { code, state, place, about, values: { days, until: expiresAt.toISOString() } };
}

/** No server tells how much room its disk has: of another machine it is said that nobody looked. */
export function diskElsewhere(
  place: string,
  server: string,
  { dataFolder, storeBytes }: { readonly dataFolder: string; readonly storeBytes: number },
): HealthFinding {
  const values = { dataFolder, storeBytes };
  return { code: 'disk-elsewhere', state: 'ok', place, about: server, values };
}

/** The disk of a server that stands on this machine. */
export function judgeDisk(
  place: string,
  server: string,
  disk: {
    readonly totalBytes: number;
    readonly freeBytes: number;
    readonly storeBytes: number;
    readonly usedByStoreBytes: number;
  },
): HealthFinding {
  const { totalBytes, freeBytes, storeBytes, usedByStoreBytes } = disk;
  // What the server may still take must be there, or the disk is full before the server says so.
  const stillWanted = Math.max(0, storeBytes - usedByStoreBytes);
  const state = freeBytes < stillWanted ? 'fail' : storeBytes > totalBytes * 0.75 ? 'warn' : 'ok';
  const values = { totalBytes, freeBytes, storeBytes, stillWanted };
  return { code: 'disk', state, place, about: server, values };
}

const MAX_NAMED = 10;

function shorten(names: readonly string[]): string {
  return firstOf(names.map((name) => name.replaceAll('-', '.')));
}

/** The first ten of some names, for a line. */
export function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED);
  return names.length > MAX_NAMED ? `${shown.join(', ')}, …` : shown.join(', ');
}
