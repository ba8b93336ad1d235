import { setTimeout as sleep } from 'node:timers/promises';

import { type Site, codeToToken, parseAgencyCode, parseMessageSubject } from '@congvan/bus';
import type { TestPlan } from '@congvan/bus/testing';
import { openAgent } from '@congvan/node-agent';

import type { Missing } from './checker.ts';
import { CENTRE, type Country, type OfficeHandle, PROVINCE } from './country.ts';

const EXCHANGE = 'XCH';
const outboxStream = (site: Site): string => `OUT_${site}`;
const inboxStream = (site: Site): string => `IN_${site}`;
const SITES: readonly Site[] = [PROVINCE, CENTRE];

/** A message that a stream holds and the stream that fills from it does not. */
export interface Gap {
  readonly stream: string;
  readonly source: string;
  readonly streamSeq: number;
  readonly subject: string;
}

/** Servers of 2.15 come back to a source up to 45 s after everything was started again. */
const SOURCES_CATCH_UP_MS = 120_000;
const LOOK_AGAIN_MS = 2_000;

/**
 * Compares each stream between sites with what it fills from: what leaves a site with the exchange,
 * the exchange with the inboxes. What is on its way is waited for. A gap is no loss yet: what nobody
 * answers is sent again.
 */
export async function findGaps(plan: TestPlan, signal: AbortSignal): Promise<Gap[]> {
  for (const end = performance.now() + SOURCES_CATCH_UP_MS; ;) {
    const gaps = await gapsNow(plan);
    if (gaps.length === 0 || performance.now() > end) return gaps;
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

async function gapsNow(plan: TestPlan): Promise<Gap[]> {
  const gaps: Gap[] = [];
  const exchange = await (await plan.admin('central')).listHeads(EXCHANGE);
  for (const site of SITES) {
    const admin = await plan.admin(site);
    const out = outboxStream(site);
    const sent = await admin.listHeads(out);
    const left = sent.filter(({ subject }) => parseMessageSubject(subject) !== undefined);
    gaps.push(...missingIn(EXCHANGE, exchange, out, left));
    const wanted = exchange.filter(({ subject }) => parseMessageSubject(subject)?.toSite === site);
    const inbox = inboxStream(site);
    gaps.push(...missingIn(inbox, await admin.listHeads(inbox), EXCHANGE, wanted));
  }
  return gaps;
}

type Heads = Awaited<ReturnType<Awaited<ReturnType<TestPlan['admin']>>['listHeads']>>;

function missingIn(stream: string, filled: Heads, source: string, wanted: Heads): Gap[] {
  const taken = new Set<number>();
  for (const { origin } of filled) if (origin?.stream === source) taken.add(origin.streamSeq);
  return wanted
    .filter(({ streamSeq }) => !taken.has(streamSeq))
    .map(({ streamSeq, subject }) => ({ stream, source, streamSeq, subject }));
}

/** Where each missing delivery stands: at its sender, between the streams, and at its recipient. */
export async function locateMissing(
  country: Country,
  missing: readonly Missing[],
  gaps: readonly Gap[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const { id, from, to } of missing) {
    const sender = country.offices.find(({ code }) => code === from);
    const recipient = country.offices.find(({ code }) => code === to);
    if (sender === undefined || recipient === undefined) continue;
    const where = [
      await standsAtSender(sender, id),
      standsBetween(sender, recipient, gaps),
      await standsAtBroker(country, recipient),
      await standsAtRecipient(recipient, id),
    ];
    lines.push(`${id} from ${from} to ${to}: ${where.join('; ')}`);
  }
  return lines;
}

async function standsAtSender({ home }: OfficeHandle, id: string): Promise<string> {
  await using desk = await openAgent({ home, mode: 'desk' });
  const row = desk
    .listOutbox({ settled: true, limit: 1_000_000 })
    .find(({ messageId }) => messageId === id);
  if (row === undefined) return 'its sender has no row of it';
  const { state, attemptCount, nextTryAt, lastError, outcome } = row;
  const next = outcome ?? `again at ${nextTryAt.toISOString()}`;
  return `at its sender ${state} after ${attemptCount} tries, ${lastError ?? next}`;
}

function standsBetween(
  sender: OfficeHandle,
  recipient: OfficeHandle,
  gaps: readonly Gap[],
): string {
  if (sender.site === recipient.site) return 'inside its site';
  const end = `${recipient.site}.${token(recipient)}.${sender.site}.${token(sender)}`;
  const own = gaps.filter(({ subject }) => subject.endsWith(`.${end}`));
  if (own.length === 0) return 'no stream lacks a message of this pair';
  const texts = own.map(
    ({ stream, source, streamSeq }) => `${stream} lacks ${streamSeq} of ${source}`,
  );
  return texts.join(', ');
}

async function standsAtBroker({ plan }: Country, recipient: OfficeHandle): Promise<string> {
  const { site } = recipient;
  const states = await (await plan.admin(site)).consumerStates(inboxStream(site));
  const lanes = states.filter(({ name }) => name.startsWith(`${token(recipient)}_`));
  const texts = lanes.map(
    ({ name, pendingCount, ackPendingCount }) =>
      `${name} has ${pendingCount} to hand out and ${ackPendingCount} not acknowledged`,
  );
  return texts.join(', ');
}

async function standsAtRecipient({ home }: OfficeHandle, id: string): Promise<string> {
  await using desk = await openAgent({ home, mode: 'desk' });
  const row = desk.listInbox({ limit: 1_000_000 }).find((one) => one.id === id);
  if (row !== undefined) return `at its recipient ${row.state}`;
  const coming = desk
    .transfers(1_000)
    .filter(({ direction }) => direction === 'down')
    .map(
      ({ doneBytes, totalBytes, waitsFor }) =>
        `${doneBytes} of ${totalBytes} bytes, waits for ${waitsFor ?? 'nothing'}`,
    );
  const { quarantined } = desk.status().inbox;
  return `not at its recipient, where ${quarantined} are quarantined and come: ${coming.join(', ') || 'none'}`;
}

function token({ code }: OfficeHandle): string {
  return codeToToken(parseAgencyCode(code));
}
