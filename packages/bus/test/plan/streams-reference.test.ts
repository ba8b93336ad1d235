import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { readDescription } from '../../src/plan/description.ts';
import { formatSize } from '../../src/plan/size.ts';
import {
  LOCAL_STREAM_LIMITS,
  MAX_ACK_PENDING_INBOX,
  MAX_ACK_PENDING_RELAY,
  MAX_CONSUMERS_PER_STREAM,
  REDELIVERY_BACKOFF_MS,
  type StreamPlan,
  consumersOfAgency,
  streamsOfSite,
} from '../../src/stream/plan.ts';
import { COUNTRY } from './country.ts';

const DOC = fileURLToPath(new URL('../../../../docs/reference/streams.md', import.meta.url));
const GUIDE = fileURLToPath(new URL('../../../../docs/how-to/run-a-country.md', import.meta.url));
const DAY_MS = 86_400_000;

function code(text: string): string {
  return `\`${text}\``;
}

function row(plan: StreamPlan, size: string): string {
  const subjects = plan.subjects.map(code).join('<br>') || '–';
  const sources =
    plan.sources
      .map(
        ({ stream, domain, filterSubject }) =>
          `${code(`${stream}@${domain}`)} ${code(filterSubject)}`,
      )
      .join('<br>') || '–';
  const kept = plan.maxAgeMs === 0 ? 'for ever' : `${plan.maxAgeMs / DAY_MS} days`;
  const notes = [
    ...(plan.writeOnce ? ['written once'] : []),
    ...(plan.writeOnce || plan.directReads ? ['direct reads'] : []),
    ...(plan.countsFromTime ? ['counts from its time'] : []),
  ];
  return `| ${code(plan.name)} | ${subjects} | ${sources} | ${kept} | ${size} | ${notes.join(', ') || '–'} |`;
}

function table(plans: readonly StreamPlan[], sizes: readonly string[]): string {
  const head =
    '| stream | subjects | fills from | kept | size | notes |\n| --- | --- | --- | --- | --- | --- |';
  return [head, ...plans.map((plan, index) => row(plan, sizes[index] ?? ''))].join('\n');
}

/** The parts of the page that follow from the code, by their name. */
function generated(): Record<string, string> {
  const local = streamsOfSite('H09', LOCAL_STREAM_LIMITS);
  const share = (store: number) => (part: StreamPlan) =>
    `${Math.round((part.maxBytes / store) * 100)} %`;
  const [central, , site] = readDescription(COUNTRY, 'bus.yaml').places;
  const consumers = consumersOfAgency(parseAgencyCode('H09.12.034'), 'H09');
  return {
    flat: table(
      local,
      local.map(({ maxBytes }) => formatSize(maxBytes)),
    ),
    site: table(
      site?.streams ?? [],
      (site?.streams ?? []).map(share(site?.servers[0]?.storeBytes ?? 1)),
    ),
    centre: table(
      (central?.streams ?? []).map((plan) => ({ ...plan, sources: plan.sources.slice(-1) })),
      (central?.streams ?? []).map(share(central?.servers[0]?.storeBytes ?? 1)),
    ),
    consumers: [
      '| consumer | stream | filter |',
      '| --- | --- | --- |',
      ...consumers.map(
        ({ name, stream, filterSubject }) =>
          `| ${code(name)} | ${code(stream)} | ${code(filterSubject)} |`,
      ),
    ].join('\n'),
    limits: [
      '| limit | value |',
      '| --- | --- |',
      `| consumers of a stream | ${MAX_CONSUMERS_PER_STREAM} |`,
      `| handed out and not acknowledged, per lane of an agency | ${MAX_ACK_PENDING_INBOX} |`,
      `| the same, of a relay | ${MAX_ACK_PENDING_RELAY} |`,
      `| handed out again after | ${REDELIVERY_BACKOFF_MS.map((ms) => `${ms / 1000} s`).join(', ')}, then the last |`,
    ].join('\n'),
  };
}

it('docs/reference/streams.md is what the code makes', () => {
  const parts = generated();
  const text = readFileSync(DOC, 'utf8');
  const renewed = text.replace(
    /<!-- begin (\w+) -->\n[^]*?<!-- end -->/g,
    (_all, name: string) => `<!-- begin ${name} -->\n\n${parts[name] ?? ''}\n\n<!-- end -->`,
  );
  if (process.env['UPDATE_REFERENCE'] === '1') writeFileSync(DOC, renewed);
  const plain = (page: string): string =>
    page.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
  expect(plain(text)).toBe(plain(renewed));
  expect(Object.keys(parts).filter((name) => !text.includes(`<!-- begin ${name} -->`))).toEqual([]);
});

it('docs/how-to/run-a-country.md describes a country that can be read', () => {
  const [, description = ''] = /```yaml\n([^]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  const plan = readDescription(description, 'run-a-country.md');
  expect(plan.kind).toBe('federated');
  expect(plan.places.map(({ id }) => id)).toEqual(['central', 'TW', 'H09', 'H44']);
});
