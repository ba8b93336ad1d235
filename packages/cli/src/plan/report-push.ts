import type { PushResult } from '@congvan/bus';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printNote, printResult } from '../output.ts';
import { renderFields } from '../terminal/table.ts';

interface Report {
  readonly json: Readonly<Record<string, unknown>>;
  readonly fields: readonly (readonly [string, string])[];
  /** What is said of a server that took it. */
  readonly done: (server: string) => string;
}

/** Prints what came of handing an account to servers; exit code 7 when one of them was not reached. */
export function reportPush(
  cli: Cli,
  globals: GlobalOptions,
  results: readonly PushResult[],
  { json, fields, done }: Report,
): void {
  const { enrolment, text } = cli.messages;
  const servers = results.map(({ server, error }) => {
    return { server, done: error === undefined, ...(error && { error: error.message }) };
  });
  printResult(cli, globals, { ...json, servers }, () =>
    renderFields([
      ...fields,
      ...servers.map(({ server, error }) => {
        const words = error === undefined ? done(server) : enrolment.notReached(server, error);
        return [enrolment.brokerClosed, words] as const;
      }),
    ]),
  );
  for (const { server, error } of servers) {
    if (error === undefined) continue;
    printNote(cli, globals, `${text.warning}: ${enrolment.notReached(server, error)}`);
    cli.setExitCode(EXIT.notRunning);
  }
}
