import type { Cli } from '../../context.ts';
import { formatDay } from '../../terminal/time.ts';
import { describePeriod } from '../periods.ts';
import type { StatsReport } from '../report.ts';

/** What the figures are about and come from, as names and values. */
export function aboutReport(
  cli: Pick<Cli, 'messages'>,
  { request, answer, asOf }: StatsReport,
): [name: string, value: string | number][] {
  const { about } = cli.messages.stats;
  const { period } = answer;
  return [
    [about.period, describePeriod(cli, period)],
    ['', `${formatDay(period.from)} – ${formatDay(period.to)}`],
    ...scopeOf(cli, request),
    [about.asOfRecord, asOf.record],
    [about.asOfDay, formatDay(asOf.day)],
    [about.agencies, answer.agencies],
    [about.silent, answer.agencies_silent],
  ];
}

/** The conditions that were given. */
export function scopeOf(
  { messages }: Pick<Cli, 'messages'>,
  request: StatsReport['request'],
): [name: string, value: string][] {
  const { about, urgencies } = messages.stats;
  const { agency, under, tier, documentType, urgency, structure } = request;
  const given: (readonly [string, string | undefined])[] = [
    [about.agency, agency],
    [about.under, under],
    [about.tier, tier && messages.text.tiers[tier]],
    [about.type, documentType],
    [about.urgency, urgency && urgencies[urgency]],
    [about.structure, structure && about.structures[structure === 'now' ? 'today' : 'atIssue']],
  ];
  return given.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
}
