import type { HealthFinding } from '@congvan/bus/plan';
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
import { EXIT } from '../../exit-codes.ts';
import { printResult } from '../../output.ts';
import {
  type TlsOptions,
  choosePlaces,
  openPlanFolder,
  tlsOfPlan,
} from '../../plan/plan-folder.ts';
import { presenceOf, renderPresence } from '../../running/site-presence.ts';
import { renderTable } from '../../terminal/table.ts';

interface BusDoctorOptions extends TlsOptions {
  readonly place?: readonly string[];
}

/** `congvan bus doctor`: looks at every server, stream, line and disk of a plan; exit code 6 when something fails. */
export function busDoctorCommand(cli: Cli): Command {
  return newCommand(cli, 'doctor', 'busDoctor')
    .addArgument(newArgument(cli, '<folder>', 'planFolder'))
    .addOption(newOption(cli, '--place <place>', 'place').argParser(collectList))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli))
    .action(async (folder: string, options: BusDoctorOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { inspectPlan, judgePresence } = await import('@congvan/bus/plan');
      const opened = await openPlanFolder(cli, folder);
      const places = choosePlaces(cli, opened.plan, options.place);
      const tls = await tlsOfPlan(cli, globals, opened, options);
      const found = await inspectPlan({
        ...opened,
        now: cli.now,
        thorough: true,
        ...(places === undefined ? {} : { places }),
        ...(tls === undefined ? {} : { tls }),
      });
      const presence = await presenceOf(cli, globals);
      const findings = found.flatMap((place) => place.findings);
      if (presence !== null) {
        findings.push(...judgePresence(presence.file, presence.writtenAt, cli.now()));
      }
      const healthy = findings.every(({ state }) => state !== 'fail');
      printResult(cli, globals, { healthy, findings, presence }, () =>
        [renderFindings(cli, findings), renderPresence(cli, presence)].join(''),
      );
      if (!healthy) cli.setExitCode(EXIT.refused);
    });
}

/** The worst first, each with its next step. */
function renderFindings(cli: Cli, findings: readonly HealthFinding[]): string {
  const { plan: texts, text } = cli.messages;
  const order = { fail: 0, warn: 1, ok: 2 } as const;
  const sorted = findings.toSorted((left, right) => order[left.state] - order[right.state]);
  return renderTable(
    cli.io,
    [
      { title: texts.place },
      { title: texts.about },
      { title: text.state },
      { title: texts.finding },
      { title: text.todo },
    ],
    sorted.map(({ code, state, place, about, values }) => [
      place,
      about,
      texts.states[state],
      texts.found[code](values),
      state === 'ok' ? '' : texts.todo[code],
    ]),
  );
}
