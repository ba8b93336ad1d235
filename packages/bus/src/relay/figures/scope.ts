import { parseAgencyCode } from '../../agency/code.ts';
import { TIERS, type Tier } from '../../agency/tier.ts';
import { addDays } from '../../calendar/vietnam-time.ts';
import { OTHER_DOCUMENT_TYPES, countedDocumentType } from '../../edxml/document-type.ts';
import { EVERYBODY, type StoredPlace, type UrgencyCode, isTier } from '../storage/figure-store.ts';
import type { Agency, Span } from './agency.ts';
import { badRequest } from './period.ts';
import type { FiguresScope } from './types.ts';

/** A scope whose words were checked. */
export interface Scope {
  readonly agency: string | null;
  readonly under: string | null;
  readonly tiers: readonly Tier[];
  /** As it was asked for; `null`: any. */
  readonly tier: Tier | null;
  readonly documentType: string | null;
  readonly urgency: UrgencyCode | null;
  readonly isNow: boolean;
}

interface KnownAgencies {
  find(code: string): Agency | undefined;
}

/** @throws BusError `BUS_RELAY_REQUEST_INVALID` naming the parameter, `BUS_AGENCY_CODE_INVALID`. */
export function readScope(request: FiguresScope, index: KnownAgencies): Scope {
  const { tier, documentType, urgency, structure = 'then' } = request;
  if (tier !== undefined && !isTier(tier)) throw badRequest('tier', 'there is no such tier');
  if (urgency !== undefined && urgency !== 'urgent' && urgency !== 'normal') {
    throw badRequest('urgency', 'it is urgent or normal');
  }
  if (structure !== 'then' && structure !== 'now') {
    throw badRequest('structure', 'it is then or now');
  }
  return {
    agency: readCode(request, 'agency', index),
    under: readCode(request, 'under', index),
    tiers: tier === undefined ? TIERS : [tier],
    tier: tier ?? null,
    documentType: documentType === undefined ? null : readType(documentType),
    urgency: urgency === undefined ? null : urgency === 'urgent' ? 1 : 0,
    isNow: structure === 'now',
  };
}

/** Of a type that somebody made up. */
const MAX_NAMED_CHARACTERS = 60;

/** A type that is not counted by name has no figures of its own; an answer of zeros would mislead. */
function readType(text: string): string {
  const type = countedDocumentType(text);
  if (type !== OTHER_DOCUMENT_TYPES || text === OTHER_DOCUMENT_TYPES) return type;
  const named = text.slice(0, MAX_NAMED_CHARACTERS);
  throw badRequest('document_type', `"${named}" is not counted by name, only among ${type}`);
}

function readCode(
  request: FiguresScope,
  field: 'agency' | 'under',
  index: KnownAgencies,
): string | null {
  const text = request[field];
  if (text === undefined) return null;
  const code = parseAgencyCode(text);
  if (index.find(code) !== undefined) return code;
  throw badRequest(field, `agency ${code} is not in the relay's directory`);
}

/** Where an agency stands by one structure. */
export interface Standing {
  readonly code: string;
  readonly tier: Tier;
  /** Parent first. */
  readonly above: string;
}

export function standingOf(code: string, place: StoredPlace, isNow: boolean): Standing {
  return isNow
    ? { code: place.nowCode, tier: place.nowTier, above: place.nowAbove }
    : { code, tier: place.thenTier, above: place.thenAbove };
}

/** Whether an agency's facts are in scope while it stands there; type and urgency aside. */
export function isInScope(standing: Standing, scope: Scope): boolean {
  if (scope.agency !== null && standing.code !== scope.agency) return false;
  if (scope.tier !== null && standing.tier !== scope.tier) return false;
  return scope.under === null || standing.code === scope.under || isAbove(scope.under, standing);
}

function isAbove(top: string, { above }: Standing): boolean {
  return above === top || ` ${above} `.includes(` ${top} `);
}

/** The days of a span on which an agency is in scope, in order. */
export function spansInScope(agency: Agency, scope: Scope, span: Span): Span[] {
  const { code, places } = agency;
  const spans: Span[] = [];
  places.forEach((place, index) => {
    const next = places[index + 1]?.fromDay;
    const from = place.fromDay > span.from ? place.fromDay : span.from;
    const to = next === undefined || next > span.to ? span.to : addDays(next, -1);
    if (from > to || !isInScope(standingOf(code, place, scope.isNow), scope)) return;
    const last = spans.at(-1);
    // Places side by side are read as one, so that whole months and years stay whole.
    if (last !== undefined && addDays(from, -1) === last.to)
      spans[spans.length - 1] = { from: last.from, to };
    else spans.push({ from, to });
  });
  return spans;
}

export function isInScopeOn(agency: Agency, scope: Scope, day: string): boolean {
  const place = agency.places.findLast(({ fromDay }) => fromDay <= day);
  return place !== undefined && isInScope(standingOf(agency.code, place, scope.isNow), scope);
}

/** The group whose cells hold everything below the scope; `null` when it is one agency alone. */
export function topOf(scope: Scope): string | null {
  return scope.agency === null ? (scope.under ?? EVERYBODY) : null;
}
