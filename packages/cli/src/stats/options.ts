import type { FiguresRequest, Urgency } from '@congvan/bus/figures';
import type { Command } from 'commander';

import {
  type CommandTextName,
  type GlobalOptions,
  type OptionTextName,
  newCommand,
  newOption,
  parseCount,
} from '../command.ts';
import type { Cli } from '../context.ts';
import { findDocumentType } from '../documents/document-type.ts';
import { isTierName, TIER_NAMES } from '../documents/tier.ts';
import { dayInVietnam } from '../terminal/time.ts';
import { addOutputOptions, type OutputOptions } from './outputs.ts';
import { parsePeriodOption } from './periods.ts';
import { MAX_LIMIT } from './read-pages.ts';

const DEFAULT_LIMIT = 100;

export interface StatsOptions extends OutputOptions {
  readonly period?: string;
  readonly under?: string;
  readonly tier?: string;
  readonly type?: string;
  readonly urgency?: Urgency;
  readonly structure?: 'then' | 'now';
  readonly limit: number;
  readonly all?: true;
}

/** A command of `stats` with what all of them take: scope, rows and where the answer goes. */
export function newStatsCommand(
  cli: Cli,
  name: string,
  text: CommandTextName,
  periodText: OptionTextName = 'statsPeriod',
): Command {
  const command = newCommand(cli, name, text)
    .addOption(newOption(cli, '--period <period>', periodText).argParser(parsePeriodOption(cli)))
    .addOption(newOption(cli, '--under <code>', 'under'))
    .addOption(newOption(cli, '--tier <tier>', 'statsTier').choices(TIER_NAMES))
    .addOption(newOption(cli, '--type <type>', 'statsType'))
    .addOption(newOption(cli, '--urgency <urgency>', 'statsUrgency').choices(['urgent', 'normal']))
    .addOption(newOption(cli, '--structure <day>', 'statsStructure').choices(['then', 'now']))
    .addOption(
      newOption(cli, '--limit <n>', 'statsLimit')
        .argParser(parseCount(cli, 1, MAX_LIMIT))
        .default(DEFAULT_LIMIT),
    )
    .addOption(newOption(cli, '--all', 'statsAll').conflicts('limit'));
  return addOutputOptions(cli, command);
}

/** What the options and `--agency` ask; this month unless a period is named. */
export function requestOf(cli: Cli, globals: GlobalOptions, options: StatsOptions): FiguresRequest {
  const { under, tier, type, urgency, structure } = options;
  return {
    period: options.period ?? dayInVietnam(cli.now()).slice(0, 7),
    ...(globals.agency === undefined ? {} : { agency: globals.agency }),
    ...(under === undefined ? {} : { under }),
    ...(tier === undefined || !isTierName(tier) ? {} : { tier }),
    // `other` for all that is not counted by name; the relay refuses what it does not know.
    ...(type === undefined ? {} : { documentType: findDocumentType(type) ?? type }),
    ...(urgency === undefined ? {} : { urgency }),
    ...(structure === undefined ? {} : { structure }),
  };
}
