import type { WrittenFile, WrittenPlan } from '@congvan/bus/plan';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { EXIT } from '../../exit-codes.ts';
import { readInputFile } from '../../home/input-file.ts';
import { printNote, printResult } from '../../output.ts';
import { renderTable } from '../../terminal/table.ts';

interface BusPlanOptions {
  readonly out: string;
  readonly check?: true;
}

/** `congvan bus plan`: every file of a bus out of one description. Exit code 6 when `--check` finds a difference. */
export function busPlanCommand(cli: Cli): Command {
  return newCommand(cli, 'plan', 'busPlan')
    .addArgument(newArgument(cli, '<file>', 'planFile'))
    .addOption(newOption(cli, '--out <folder>', 'planOut').makeOptionMandatory())
    .addOption(newOption(cli, '--check', 'planCheck'))
    .action(async (file: string, options: BusPlanOptions, command: Command) => {
      await busPlan(cli, file, options, command.optsWithGlobals<GlobalOptions>());
    });
}

async function busPlan(
  cli: Cli,
  file: string,
  options: BusPlanOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { writePlan } = await import('@congvan/bus/plan');
  const { plan: texts } = cli.messages;
  const description = Buffer.from(await readInputFile(cli, file)).toString('utf8');
  const check = options.check === true;
  const written = await writePlan(description, file, options.out, { check, now: cli.now() });
  const { files, leftOver } = written;
  printResult(cli, globals, { check, files, leftOver }, () => renderFiles(cli, written, check));
  for (const path of leftOver) printNote(cli, globals, texts.leftOver(path));
  const differs = files.some(({ change }) => change !== 'same');
  if (check) {
    if (differs) cli.setExitCode(EXIT.refused);
    return;
  }
  const { hint } = cli.messages.text;
  if (differs) printNote(cli, globals, `${hint}: ${texts.nextFiles(options.out)}`);
  if (files.some(({ change, path }) => change === 'changed' && path.endsWith('.conf'))) {
    printNote(cli, globals, `${hint}: ${texts.nextReload}`);
  }
  if (differs) printNote(cli, globals, `${hint}: ${texts.nextApply(options.out)}`);
}

function renderFiles(cli: Cli, { files }: WrittenPlan, check: boolean): string {
  const { plan: texts, text } = cli.messages;
  const words = check ? texts.wouldBe : texts.changes;
  const table = renderTable(
    cli.io,
    [{ title: texts.file }, { title: text.state }],
    files.map(({ path, change }) => [path, words[change]]),
  );
  return `${table}${files.map(renderDifference).join('')}`;
}

function renderDifference({ path, difference }: WrittenFile): string {
  if (difference.length === 0) return '';
  return `\n${path}\n${difference.map(({ side, line }) => `${side} ${line}\n`).join('')}`;
}
