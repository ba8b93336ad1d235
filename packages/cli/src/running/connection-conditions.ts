import type { ConnectionTrouble } from '@congvan/bus';
import type { Unreadiness } from '@congvan/bus/observe';
import type { BrokerLine } from '@congvan/bus/relay';
import {
  ConditionBook,
  describeCondition,
  firstEnding,
  tellTlsFault,
} from '@congvan/node-agent/condition';

/** What is wrong with the connections and certificates of a service, in the codes and words of agents. */
export function connectionConditions(
  lines: readonly BrokerLine[],
  /** When certificates end, in Unix milliseconds, by what they are for. */
  ends: ReadonlyMap<string, number>,
  now: () => Date,
): Unreadiness[] {
  const nowMs = now().getTime();
  const book = new ConditionBook(now);
  const ending = firstEnding(ends, nowMs);
  book.put('CERTIFICATE_EXPIRING', ending);
  const expiring = book.list().map((stored) => toUnreadiness(describeCondition(stored)));
  return [...lines.flatMap((line) => ofLine(line, ends.get('tls'), now)), ...expiring];
}

function ofLine(
  { servers, trouble }: BrokerLine,
  ownEndsMs: number | undefined,
  now: () => Date,
): Unreadiness[] {
  if (trouble === undefined) return [];
  const names = servers.join(', ');
  const book = new ConditionBook(now);
  tellTlsFault(book, trouble.fault, { servers: names, ownEndsMs, nowMs: now().getTime() });
  const faults = book.list().map((stored) => describeCondition(stored));
  const since = new Date(trouble.sinceMs);
  if (faults.length > 0) return faults.map((fault) => toUnreadiness({ ...fault, since }));
  const about = { since: since.toISOString(), severity: 'error' as const };
  const code = CODES[trouble.kind];
  const what = code === 'BROKER_UNREACHABLE' ? 'does not answer' : 'refuses these credentials';
  return [{ code, detail: `the broker at ${names} ${what}; tried again by itself`, ...about }];
}

const CODES: Readonly<Record<ConnectionTrouble['kind'], string>> = {
  unreachable: 'BROKER_UNREACHABLE',
  certificate: 'BROKER_UNREACHABLE',
  expired: 'CREDENTIALS_EXPIRED',
  refused: 'CREDENTIALS_REVOKED',
};

function toUnreadiness({
  code,
  since,
  detail,
  severity,
}: Pick<
  ReturnType<typeof describeCondition>,
  'code' | 'since' | 'detail' | 'severity'
>): Unreadiness {
  return { code, since: since.toISOString(), detail, severity };
}
