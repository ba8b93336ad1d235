import type {
  AgencyRow,
  BreakdownRow,
  Figures,
  FiguresAnswer,
  FiguresRequest,
  GapRow,
  RelayFigures,
} from '@congvan/bus/relay';
import { type Command, InvalidArgumentError } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireRelay } from '../../home/relay.ts';
import { printNote, printResult } from '../../output.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import { dayInVietnam, formatDate } from '../../terminal/time.ts';
import { isTierName, TIER_NAMES, type TierName } from '../../documents/tier.ts';

interface Period {
  readonly from: string;
  readonly to: string;
}
type By = 'tier' | 'agency' | 'month';

interface ShareOptions {
  readonly period?: Period;
  readonly tier?: string;
  readonly under?: string;
  readonly by: By;
}

/** `congvan stats share`: DESIGN §7 from the relay's records, beside the running relay or without. */
export function statsShareCommand(cli: Cli): Command {
  return newCommand(cli, 'share', 'statsShare')
    .addOption(newOption(cli, '--period <months>', 'period').argParser(parsePeriod(cli)))
    .addOption(newOption(cli, '--tier <tier>', 'statsTier').choices(TIER_NAMES))
    .addOption(newOption(cli, '--under <code>', 'under'))
    .addOption(
      newOption(cli, '--by <rows>', 'by').choices(['tier', 'agency', 'month']).default('tier'),
    )
    .action(async (options: ShareOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const home = await requireRelay(cli, globals);
      const { openRelayReader } = await import('@congvan/bus/relay');
      using reader = openRelayReader(home, { now: cli.now });
      const month = dayInVietnam(cli.now()).slice(0, 7);
      const period = options.period ?? { from: month, to: month };
      const request = {
        period: period.from === period.to ? period.from : `${period.from}..${period.to}`,
        ...(options.tier === undefined || !isTierName(options.tier) ? {} : { tier: options.tier }),
        ...(options.under === undefined ? {} : { under: options.under }),
        ...(globals.agency === undefined ? {} : { agency: globals.agency }),
      };
      const share = collectShare(reader, request, options.by);
      printResult(cli, globals, share, () => renderShare(cli, share, options.by));
      noteWhatLacks(cli, globals, share);
    });
}

/** The figures of a period and scope, and what lacks in them. */
interface Share extends FiguresAnswer {
  /** Of the tiers in scope. */
  readonly tiers: Readonly<Partial<Record<TierName, Figures>>> & { readonly all: Figures };
  /** By agency or month. */
  readonly rows: readonly BreakdownRow[];
  readonly gaps: readonly GapRow[];
  readonly silent: readonly AgencyRow[];
}

/** Rows printed at most; more is asked for by scope. */
const MAX_ROWS = 1_000;

function collectShare(relay: RelayFigures, request: FiguresRequest, by: By): Share {
  const answer = relay.figures(request);
  const tiers = relay.breakdown({ ...request, by: 'tier' }).rows;
  const limit = MAX_ROWS;
  return {
    ...answer,
    tiers: {
      ...Object.fromEntries(tiers.map(({ key, figures }) => [key, figures])),
      all: answer.figures,
    },
    rows: by === 'tier' ? [] : relay.breakdown({ ...request, by, limit }).rows,
    gaps: relay.gaps({ ...request, limit }).rows,
    silent: relay.agencies({ ...request, standing: 'silent', limit }).rows,
  };
}

/** On a narrower terminal rates and deliveries stand below each other. */
const WIDE_COLUMNS = 160;

type Cells = readonly (string | number)[];
type Row = readonly [name: string, figures: Figures];

function rowsOf(cli: Cli, share: Share, by: By): Row[] {
  const { text } = cli.messages;
  const all: Row = [text.allTogether, share.tiers.all];
  if (by !== 'tier') {
    const nameOf = ({ key, name }: BreakdownRow): string =>
      name === null ? key : `${key} ${name}`;
    return [...share.rows.map((row): Row => [nameOf(row), row.figures]), all];
  }
  const tiers = TIER_NAMES.flatMap((tier): Row[] => {
    const figures = share.tiers[tier];
    return figures === undefined ? [] : [[text.tiers[tier], figures]];
  });
  return [...tiers, all];
}

function renderShare(cli: Cli, share: Share, by: By): string {
  const { text } = cli.messages;
  const titles = { tier: text.tier, agency: text.agency, month: text.month };
  const right = (title: string): Column => ({ title, align: 'right' });
  const rows = rowsOf(cli, share, by);
  const first: Column = { title: titles[by] };
  const rates = ['E', 'E+P', 'P', text.rateElectronic, text.rateAny, text.rateSigned].map(right);
  const traffic = [
    text.deliveries,
    text.receipted,
    text.refusedCount,
    text.timeTo01,
    text.timeTo03,
  ].map(right);
  const draw = (columns: readonly Column[], cells: (figures: Figures) => Cells): string =>
    renderTable(
      cli.io,
      [first, ...columns],
      rows.map(([name, figures]) => [name, ...cells(figures)]),
    );
  const rateCells = (figures: Figures): Cells => ratesOf(cli, figures);
  const tables =
    cli.io.outIsTty && cli.io.columns < WIDE_COLUMNS
      ? `${draw(rates, rateCells)}\n${draw(traffic, trafficOf)}`
      : draw([...rates, ...traffic], (figures) => [...rateCells(figures), ...trafficOf(figures)]);
  const period = share.period.text.replace('..', ' .. ');
  return `${text.shareTitle(period, formatDate(cli.now()))}\n${tables}`;
}

function ratesOf(cli: Cli, figures: Figures): Cells {
  // A share with missing records is at least this much: the mark says so in every language.
  const bound = figures.lower_bound ? '≥ ' : '';
  return [
    figures.E,
    figures.EP,
    figures.P,
    bound + showRate(cli, figures.rate_electronic),
    bound + showRate(cli, figures.rate_any),
    showRate(cli, figures.rate_signed),
  ];
}

function trafficOf(figures: Figures): Cells {
  const times = (time: Figures['time_to_01_ms']): string =>
    time === null ? '–' : `${showDuration(time.median)} / ${showDuration(time.p95)}`;
  return [
    figures.deliveries,
    figures.receipted,
    figures.refused,
    times(figures.time_to_01_ms),
    times(figures.time_to_03_ms),
  ];
}

function showRate(cli: Cli, rate: number | null): string {
  if (rate === null) return '–';
  const percent = (rate * 100).toFixed(1);
  return `${cli.language === 'vi' ? percent.replace('.', ',') : percent} %`;
}

/** `850 ms`, `12 s`, `7 min`, `3 h`, `2 d`: one unit is enough to see what is late. */
function showDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  for (const [size, name] of units) if (ms >= size) return `${Math.round(ms / size)} ${name}`;
  return `${ms} ms`;
}

/** Silence is never counted as zero: who reported nothing, and what is missing, is said. */
function noteWhatLacks(cli: Cli, globals: GlobalOptions, share: Share): void {
  const { text } = cli.messages;
  const note = (line: string): void => printNote(cli, globals, `${text.note}: ${line}`);
  if (share.agencies_silent > 0) {
    const named = share.silent.slice(0, 20).map(({ code, name }) => `${code} ${name}`);
    note(text.silentAgencies(share.agencies_silent, named.join('; ')));
  }
  const gaps = share.gaps
    .filter(({ kind }) => kind === 'register')
    .map(({ agency, year, first, last }) =>
      first === last ? `${agency} ${first}/${year}` : `${agency} ${first}–${last}/${year}`,
    );
  if (gaps.length > 0) note(text.gapsInRegisters(gaps.slice(0, 20).join('; ')));
  const reports = share.gaps.filter(({ kind }) => kind === 'report');
  const missing = new Set(reports.map(({ agency }) => agency));
  if (missing.size > 0) note(text.missingReports([...missing].slice(0, 20).join(', ')));
  const { undelivered } = share.tiers.all;
  if (undelivered > 0) note(text.undeliveredDocuments(undelivered));
  const { void_numbers: voids } = share.tiers.all;
  if (voids > 0) note(text.voidNumbers(String(voids)));
}

function parsePeriod(cli: Cli): (value: string) => Period {
  return (value) => {
    const match = /^(\d{4}-(?:0[1-9]|1[0-2]))(?:\.\.(\d{4}-(?:0[1-9]|1[0-2])))?$/u.exec(value);
    const from = match?.[1];
    const to = match?.[2] ?? from;
    if (from === undefined || to === undefined || from > to) {
      throw new InvalidArgumentError(cli.messages.text.wantedPeriod);
    }
    return { from, to };
  };
}
