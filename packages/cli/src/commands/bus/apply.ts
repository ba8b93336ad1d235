import type { TlsMaterial } from '@congvan/bus';
import type { Place } from '@congvan/bus/plan';
import type { Registry } from '@congvan/bus/site';
import type { Command } from 'commander';

import {
  collectList,
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { openKnown, warnOf, writeDownTaken } from '../../enrolment/keep-out.ts';
import { EXIT } from '../../exit-codes.ts';
import { describeFailure } from '../../failure.ts';
import { printResult } from '../../output.ts';
import { keepConfigs, noteConfigs } from '../../plan/keep-configs.ts';
import {
  type OpenedPlan,
  type TlsOptions,
  choosePlaces,
  openPlanFolder,
  tlsOfPlan,
} from '../../plan/plan-folder.ts';
import { renderTable } from '../../terminal/table.ts';

interface BusApplyOptions extends TlsOptions {
  readonly place?: readonly string[];
  readonly dryRun?: true;
}

interface PlaceResult {
  readonly place: string;
  readonly streams: readonly { readonly name: string; readonly change: string }[];
  readonly consumerCount: number;
  /** Configurations of the folder that are other ones now. */
  readonly configs: readonly string[];
  readonly error: string | null;
}

/** `congvan bus apply`: streams, consumers and accounts of every place that is reached; 7 when one is not, 6 when one refuses. */
export function busApplyCommand(cli: Cli): Command {
  return newCommand(cli, 'apply', 'busApply')
    .addArgument(newArgument(cli, '<folder>', 'planFolder'))
    .addOption(newOption(cli, '--place <place>', 'place').argParser(collectList))
    .addOption(newOption(cli, '--dry-run', 'dryRun'))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli))
    .action(async (folder: string, options: BusApplyOptions, command: Command) => {
      await busApply(cli, folder, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function busApply(
  cli: Cli,
  folder: string,
  options: BusApplyOptions,
  globals: GlobalOptions,
): Promise<void> {
  const opened = await openPlanFolder(cli, folder);
  const wanted = choosePlaces(cli, opened.plan, options.place);
  const places = opened.plan.places.filter(({ id }) => wanted === undefined || wanted.includes(id));
  const dryRun = options.dryRun === true;
  const tls = await tlsOfPlan(cli, globals, opened, options);
  const registry = dryRun ? undefined : await openKnown(cli, globals);
  const warn = warnOf(cli, globals);
  const results: PlaceResult[] = [];
  let exit: number = EXIT.ok;
  for (const place of places) {
    try {
      results.push(await applyOne(cli, opened, place, { dryRun, tls, registry, warn }));
    } catch (error) {
      const failure = describeFailure(error, cli.messages);
      results.push({
        place: place.id,
        streams: [],
        consumerCount: 0,
        configs: [],
        error: failure.message,
      });
      exit = exit === EXIT.refused ? exit : failure.exitCode;
    }
  }
  printResult(cli, globals, { dryRun, places: results }, () => renderResults(cli, results, dryRun));
  noteConfigs(
    cli,
    globals,
    results.flatMap(({ configs }) => configs),
  );
  if (exit !== EXIT.ok) cli.setExitCode(exit);
}

interface ApplyOneOptions {
  readonly dryRun: boolean;
  readonly tls: TlsMaterial | undefined;
  /** The directory of this home, where it has one. */
  readonly registry: Pick<Registry, 'entries' | 'holders'> | undefined;
  readonly warn: (error: unknown) => void;
}

async function applyOne(
  cli: Cli,
  opened: OpenedPlan,
  place: Place,
  { dryRun, tls, registry, warn }: ApplyOneOptions,
): Promise<PlaceResult> {
  const { plan, operators } = opened;
  const { applyPlace, connectPlace, pushPlaceAccounts } = await import('@congvan/bus/plan');
  const operator = operators.get(place.id);
  if (operator === undefined) throw new Error(`no keys for ${place.id}`);
  const secured = tls === undefined ? {} : { tls };
  await using admin = await connectPlace(place, operator, { ...secured, now: cli.now });
  // Keys that were put back from an older copy must let nobody in whom this home shut out.
  if (registry !== undefined) await writeDownTaken(operator, registry, warn);
  if (!dryRun) await pushPlaceAccounts(place, operator, secured);
  const configs = dryRun ? [] : await keepConfigs(opened, [place.id]);
  const applied = await applyPlace(admin, place, { relays: plan.relays, dryRun });
  return { place: place.id, ...applied, configs, error: null };
}

function renderResults(cli: Cli, results: readonly PlaceResult[], dryRun: boolean): string {
  const { plan: texts, text } = cli.messages;
  const rows = results.flatMap(({ place, streams, error }) =>
    error === null
      ? streams.map(({ name, change }) => [place, name, changeText(cli, change, dryRun)])
      : [[place, '', texts.notReached(error)]],
  );
  return renderTable(
    cli.io,
    [{ title: texts.place }, { title: texts.stream }, { title: text.state }],
    rows,
  );
}

function changeText(cli: Cli, change: string, dryRun: boolean): string {
  const { streamChanges, wouldBe } = cli.messages.plan;
  if (change === 'made') return dryRun ? wouldBe.made : streamChanges.made;
  if (change === 'changed') return dryRun ? wouldBe.changed : streamChanges.changed;
  return streamChanges.none;
}
