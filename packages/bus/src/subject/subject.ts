import {
  type AgencyCode,
  codeToToken,
  isAgencyCode,
  tokenToCodeOrUndefined,
} from '../agency/code.ts';
import { type Site, type Tier, isSite, isTier, parseSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { LANES, type Lane } from './lane.ts';

export const MESSAGE_KINDS = ['doc', 'receipt'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];
/** `local` stays inside one site; `cross` goes through the exchange at the centre. */
export type Scope = 'local' | 'cross';

/** What the subject of a document or receipt says; the tier is that of the recipient. */
export interface MessageSubject {
  readonly tier: Tier;
  readonly lane: Lane;
  readonly kind: MessageKind;
  readonly scope: Scope;
  readonly toSite: Site;
  readonly to: AgencyCode;
  readonly fromSite: Site;
  readonly from: AgencyCode;
}

/** What the subject of a report or a presence notice says; the tier is that of the reporter. */
export interface ReportSubject {
  readonly tier: Tier;
  readonly site: Site;
  readonly from: AgencyCode;
}

export interface AliveSubject {
  readonly tier: Tier;
  readonly site: Site;
  readonly code: AgencyCode;
}

export function scopeOf(toSite: Site, fromSite: Site): Scope {
  return toSite === fromSite ? 'local' : 'cross';
}

/**
 * `vb.msg.<tier>.<lane>.<kind>.<scope>.<toSite>.<to>.<fromSite>.<from>`.
 *
 * @throws {@link BusError} `BUS_SUBJECT_INVALID`, `BUS_SITE_INVALID` or `BUS_AGENCY_CODE_INVALID`.
 */
export function messageSubject(parts: MessageSubject): string {
  const { tier, lane, kind, scope, toSite, fromSite } = parts;
  if (!isTier(tier)) throw invalidSubject('tier', tier);
  if (!isOneOf(LANES, lane)) throw invalidSubject('lane', lane);
  if (!isOneOf(MESSAGE_KINDS, kind)) throw invalidSubject('kind', kind);
  if (scope !== scopeOf(toSite, fromSite)) {
    throw invalidSubject('scope', `${String(scope)} from ${fromSite} to ${toSite}`);
  }
  const to = `${parseSite(toSite)}.${codeToToken(parts.to)}`;
  const from = `${parseSite(fromSite)}.${codeToToken(parts.from)}`;
  return `vb.msg.${tier}.${lane}.${kind}.${scope}.${to}.${from}`;
}

/** Reads what {@link messageSubject} writes, and nothing else: `undefined` for any other subject. */
export function parseMessageSubject(subject: string): MessageSubject | undefined {
  const tokens = splitTokens(subject, 'vb.msg.', 8);
  if (tokens === undefined) return undefined;
  const [tier, lane, kind, scope, toSite, toToken, fromSite, fromToken] = tokens;
  if (tier === undefined || !isTier(tier)) return undefined;
  if (!isOneOf(LANES, lane) || !isOneOf(MESSAGE_KINDS, kind)) return undefined;
  if (toSite === undefined || !isSite(toSite)) return undefined;
  if (fromSite === undefined || !isSite(fromSite)) return undefined;
  const expected = scopeOf(toSite, fromSite);
  const to = tokenToCodeOrUndefined(toToken ?? '');
  const from = tokenToCodeOrUndefined(fromToken ?? '');
  if (scope !== expected || to === undefined || from === undefined) return undefined;
  return { tier, lane, kind, scope: expected, toSite, to, fromSite, from };
}

/** `vb.report.<tier>.<site>.<from>`: where an agency publishes its records for the relay. */
export function reportSubject(parts: ReportSubject): string {
  return `vb.report.${ownPart(parts.tier, parts.site, parts.from)}`;
}

export function parseReportSubject(subject: string): ReportSubject | undefined {
  const own = parseOwnPart(subject, 'vb.report.');
  return own && { tier: own.tier, site: own.site, from: own.code };
}

/** `vb.alive.<tier>.<site>.<code>`: presence, not stored by any stream. */
export function aliveSubject(parts: AliveSubject): string {
  return `vb.alive.${ownPart(parts.tier, parts.site, parts.code)}`;
}

export function parseAliveSubject(subject: string): AliveSubject | undefined {
  return parseOwnPart(subject, 'vb.alive.');
}

function ownPart(tier: Tier, site: Site, code: AgencyCode): string {
  if (!isTier(tier)) throw invalidSubject('tier', tier);
  return `${tier}.${parseSite(site)}.${codeToToken(code)}`;
}

function parseOwnPart(subject: string, prefix: string): AliveSubject | undefined {
  const tokens = splitTokens(subject, prefix, 3);
  if (tokens === undefined) return undefined;
  const [tier, site, token] = tokens;
  const code = tokenToCodeOrUndefined(token ?? '');
  if (tier === undefined || !isTier(tier)) return undefined;
  if (site === undefined || !isSite(site)) return undefined;
  if (code === undefined || !isAgencyCode(code)) return undefined;
  return { tier, site, code };
}

function splitTokens(subject: string, prefix: string, count: number): string[] | undefined {
  if (!subject.startsWith(prefix)) return undefined;
  const tokens = subject.slice(prefix.length).split('.', count + 1);
  return tokens.length === count ? tokens : undefined;
}

function isOneOf<T extends string>(values: readonly T[], text: string | undefined): text is T {
  return (values as readonly (string | undefined)[]).includes(text);
}

function invalidSubject(part: string, value: unknown): BusError {
  const quoted = JSON.stringify(String(value).slice(0, 60));
  return new BusError('BUS_SUBJECT_INVALID', `bad ${part} ${quoted} for a subject`, {
    details: { part, value: quoted },
  });
}
