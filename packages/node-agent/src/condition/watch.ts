import {
  type AgencyConnection,
  type BusErrorDetails,
  SILENT_AFTER_MS,
  type TlsFault,
  dateInVietnam,
  encodePresence,
  parsePresenceAnswer,
  tlsFaultOf,
} from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { heapRoom } from '../heap-room.ts';
import type { TlsSettings } from '../home/tls.ts';
import { AGENT_LIMITS } from '../limits.ts';
import { expiringCertificate } from './certificates.ts';
import type { CredentialsFile } from './credentials-file.ts';
import { type StorageGuard, sleep } from './storage-guard.ts';
import { type RunningStatus, readStatus, writeStatus } from './status-file.ts';
import { forgetTlsClock, tellTlsFault } from './tls-trouble.ts';

const LOOK_EVERY_MS = 2_000;
const SLOW_LOOK_EVERY_MS = 60_000;
const STATUS_EVERY_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
const OFFLINE_LONG_MS = 7 * DAY_MS;
const CREDENTIALS_WARNING_MS = 14 * DAY_MS;
/** The status file has room for facts of 500 characters. */
const MAX_SERVERS_LENGTH = 400;
/** The first presence comes soon after the connection, spread so that a site is not asked at once. */
const FIRST_PRESENCE_MS = 500;

export interface WatchOptions {
  readonly core: AgentCore;
  readonly guard: StorageGuard;
  readonly credentials: CredentialsFile;
  /** `undefined` where the broker is reached without TLS. */
  readonly tls: TlsSettings | undefined;
  readonly statusFile: string;
  readonly rates: () => { readonly urgent: number; readonly normal: number };
  readonly version?: string;
}

/** Looks at everything that can be wrong with a running agent and writes down what it sees. */
export class ConditionWatch {
  readonly #options: WatchOptions;
  #connection: AgencyConnection | undefined;
  #connectedMs: number;
  #refusedMs: number | undefined;
  /** What the last attempt of a first connection found; later the connection says it. */
  #fault: TlsFault | undefined;
  #unreachableSinceMs: number | undefined;
  #nextTryMs = 0;
  #answeredMs: number | undefined;
  #connectedSinceMs: number | undefined;
  #reports = 0;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #written = '';

  constructor(options: WatchOptions) {
    this.#options = options;
    const before = readStatus(options.statusFile);
    this.#connectedMs = before?.connectedMs ?? 0;
    this.#reports = before?.reports ?? 0;
  }

  /** The first connection does not come about. */
  connectFailed(details: BusErrorDetails, nextTryMs: number): void {
    const nowMs = this.#options.core.now().getTime();
    this.#unreachableSinceMs ??= nowMs;
    this.#nextTryMs = nextTryMs;
    this.#refusedMs = details['refused'] === 1 ? nowMs : undefined;
    this.#fault = tlsFaultOf(details);
    this.look();
  }

  connected(connection: AgencyConnection): void {
    this.#connection = connection;
    this.#unreachableSinceMs = undefined;
    this.#refusedMs = undefined;
    this.#fault = undefined;
    connection.onStatus(() => this.look());
    this.look();
  }

  /** Runs until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { commit } = this.#options.core;
    let commits = commit.done;
    let slowMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const nowMs = performance.now();
      if (nowMs - slowMs >= SLOW_LOOK_EVERY_MS) {
        slowMs = nowMs;
        await this.#lookSlowly();
      }
      this.look();
      heapRoom().look(commit.done - commits, nowMs);
      commits = commit.done;
      await sleep(LOOK_EVERY_MS, signal);
    }
    this.#write(true);
  }

  /** Tells the site that this agency is there, every minute, and compares the clocks. */
  async tellPresence(connection: AgencyConnection, signal: AbortSignal): Promise<void> {
    await sleep(FIRST_PRESENCE_MS * Math.random(), signal);
    while (!signal.aborted) {
      if (connection.status() === 'connected') await this.#tellOnce(connection);
      await sleep(AGENT_LIMITS.presenceEveryMs * (0.85 + 0.3 * Math.random()), signal);
    }
  }

  async #tellOnce(connection: AgencyConnection): Promise<void> {
    const { core } = this.#options;
    const { config, conditions, directory, outbox, inbox, queue, now } = core;
    const beforeMs = now().getTime();
    const answer = await connection.presence(
      directory.find(config.code)?.tier ?? config.tier,
      encodePresence({
        atMs: beforeMs,
        outbox: queue.depths(),
        inbox: inbox.counts().open,
        reports: outbox.chainHead().number,
        conditions: conditions.list().map(({ code }) => code),
      }),
    );
    const parsed = answer === undefined ? undefined : parsePresenceAnswer(answer);
    if (parsed === undefined) return;
    const afterMs = now().getTime();
    this.#answeredMs = afterMs;
    conditions.clear('SITE_SERVICE_SILENT');
    const offsetMs = parsed.atMs - (beforeMs + afterMs) / 2;
    const isWrong = Math.abs(offsetMs) > AGENT_LIMITS.maxClockOffsetMs + (afterMs - beforeMs);
    const offsetSeconds = Math.round(offsetMs / 1_000);
    conditions.put('CLOCK_WRONG', isWrong ? { offsetSeconds } : undefined);
    this.#write();
  }

  /** What costs little; also called whenever the connection changes. */
  look(): void {
    const { guard } = this.#options;
    guard.look();
    this.#lookAtDatabase(() => this.#lookAtCopy());
    this.#lookAtConnection();
    this.#lookAtSite();
    this.#write();
  }

  #lookAtConnection(): void {
    const { core, credentials } = this.#options;
    const { conditions, config, now } = core;
    const nowMs = now().getTime();
    if (this.#connection?.status() === 'connected') {
      this.#connectedMs = nowMs;
      this.#connectedSinceMs ??= nowMs;
      conditions.clear('BROKER_UNREACHABLE');
      conditions.clear('OFFLINE_LONG');
      conditions.clear('CREDENTIALS_EXPIRED');
      conditions.clear('CREDENTIALS_REVOKED');
      this.#lookAtFault(undefined, nowMs);
      return;
    }
    this.#connectedSinceMs = undefined;
    const trouble = this.#connection?.trouble();
    const nextTryMs = trouble?.nextTryMs ?? this.#nextTryMs;
    const fault = trouble === undefined ? this.#fault : trouble.fault;
    this.#lookAtFault(fault, nowMs);
    const refused =
      trouble === undefined
        ? this.#refusedMs !== undefined
        : trouble.kind === 'refused' || trouble.kind === 'expired';
    const { expiresMs, name } = credentials.info;
    const isExpired = trouble?.kind === 'expired' || (expiresMs !== null && expiresMs <= nowMs);
    const expired = refused && isExpired;
    const expiredAt = new Date(expiresMs ?? nowMs).toISOString();
    conditions.put('CREDENTIALS_EXPIRED', expired ? { expiredAt } : undefined);
    conditions.put('CREDENTIALS_REVOKED', refused && !isExpired ? { name } : undefined);
    const since = trouble?.sinceMs ?? this.#unreachableSinceMs;
    const nextTry = new Date(Math.max(nextTryMs, nowMs)).toISOString();
    const servers = config.servers.join(', ');
    const isAway =
      !refused && fault === undefined && (this.#connection !== undefined || since !== undefined);
    conditions.put('BROKER_UNREACHABLE', isAway ? { servers, nextTry } : undefined, since);
    this.#lookAtLongAbsence(nowMs);
  }

  #lookAtFault(fault: TlsFault | undefined, nowMs: number): void {
    const { core, tls } = this.#options;
    const { conditions, config } = core;
    const servers = config.servers.join(', ').slice(0, MAX_SERVERS_LENGTH);
    forgetTlsClock(conditions, nowMs, this.#connection?.status() === 'connected');
    tellTlsFault(conditions, fault, { servers, ownEndsMs: tls?.endsMs, nowMs });
  }

  /** Counted over restarts of the agent: the status file remembers the last connection. */
  #lookAtLongAbsence(nowMs: number): void {
    const { conditions, outbox } = this.#options.core;
    const awayMs = nowMs - this.#connectedMs;
    if (this.#connectedMs === 0 || awayMs < OFFLINE_LONG_MS) return;
    if (conditions.has('OFFLINE_LONG')) return;
    const { waiting, published } = outbox.counts();
    const days = Math.floor(awayMs / DAY_MS);
    conditions.set('OFFLINE_LONG', { days, waiting: waiting + published }, this.#connectedMs);
  }

  #lookAtSite(): void {
    const { conditions, now } = this.#options.core;
    const nowMs = now().getTime();
    const since = this.#connectedSinceMs;
    if (since === undefined) return;
    const lastMs = Math.max(this.#answeredMs ?? 0, since);
    if (nowMs - lastMs <= SILENT_AFTER_MS) return;
    const lastAnswer =
      this.#answeredMs === undefined ? 'never' : new Date(this.#answeredMs).toISOString();
    conditions.set('SITE_SERVICE_SILENT', { lastAnswer }, lastMs);
  }

  async #lookSlowly(): Promise<void> {
    const { core, credentials, tls } = this.#options;
    const { conditions, config, directory, queue, now } = core;
    const nowMs = now().getTime();
    await credentials.refresh();
    await tls?.refresh();
    // A day of its own: the count starts anew.
    const limitedOn = conditions.factsOf('SENDER_LIMITED')?.['day'];
    if (limitedOn !== dateInVietnam(now())) conditions.clear('SENDER_LIMITED');
    const { expiresMs } = credentials.info;
    const endsSoon =
      expiresMs !== null && expiresMs > nowMs && expiresMs - nowMs < CREDENTIALS_WARNING_MS;
    conditions.put(
      'CREDENTIALS_EXPIRING',
      endsSoon ? { expiresAt: new Date(expiresMs).toISOString() } : undefined,
    );
    this.#lookAtDatabase(() => {
      this.#lookAtCopy();
      conditions.put(
        'CERTIFICATE_EXPIRING',
        expiringCertificate(directory.find(config.code), tls?.endsMs, nowMs),
      );
      const { stale, readAt } = directory.status(now());
      const refreshedAt = readAt?.toISOString();
      const isStale = stale && refreshedAt !== undefined;
      conditions.put('DIRECTORY_STALE', isStale ? { refreshedAt } : undefined);
      this.#lookAtHeld();
      const count = queue.deadCount();
      conditions.put('DEAD_LETTERS', count > 0 ? { count } : undefined);
    });
  }

  #lookAtHeld(): void {
    const { conditions, held } = this.#options.core;
    const oldest = held.oldest();
    const { count } = held.used();
    const { sender = '', reason = '', held_ms: sinceMs } = oldest ?? {};
    conditions.put('MESSAGES_HELD', count > 0 ? { count, sender, reason } : undefined, sinceMs);
  }

  /** Reading fails too when another process holds the file; that is a condition of its own. */
  #lookAtDatabase(read: () => void): void {
    try {
      read();
    } catch {
      // The guard hears of it from the loops.
    }
  }

  #lookAtCopy(): void {
    const { conditions, outbox, watermarks } = this.#options.core;
    const here = outbox.chainHead().number;
    this.#reports = Math.max(this.#reports, here);
    const relayHas = watermarks.relayHas() > here ? watermarks.relayHas() : '?';
    conditions.put('RESTORED', outbox.mayAppend() ? undefined : { relayHas, here });
  }

  status(): RunningStatus {
    const { core, rates } = this.#options;
    const { urgent, normal } = rates();
    return {
      writtenMs: core.now().getTime(),
      broker: this.#connection?.status() ?? 'disconnected',
      connectedMs: this.#connectedMs,
      reports: this.#reports,
      conditions: core.conditions.list(),
      rates: { urgent: Math.round(urgent * 100) / 100, normal: Math.round(normal * 100) / 100 },
    };
  }

  /** When something has changed, and once a minute. */
  #write(always = false): void {
    const status = this.status();
    const { writtenMs: _writtenMs, connectedMs: _connectedMs, ...rest } = status;
    const text = JSON.stringify(rest);
    const nowMs = performance.now();
    if (!always && text === this.#written && nowMs - this.#writtenMs < STATUS_EVERY_MS) return;
    if (!writeStatus(this.#options.statusFile, status)) return;
    this.#written = text;
    this.#writtenMs = nowMs;
  }
}
