import type { GlobalOptions } from './command.ts';
import type { Cli } from './context.ts';

/** Prints a result: one JSON object with `--json`, else the text for people. */
export function printResult(
  cli: Cli,
  globals: GlobalOptions,
  json: unknown,
  render: () => string,
): void {
  cli.io.out(globals.json === true ? `${JSON.stringify(json)}\n` : render());
}

/** A remark beside the result; left out with `--json`, where the object says it. */
export function printNote(cli: Cli, globals: GlobalOptions, text: string): void {
  if (globals.json !== true) cli.io.err(`${text}\n`);
}
