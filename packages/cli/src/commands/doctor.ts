import { join } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption, passphraseOption } from '../command.ts';
import type { Cli } from '../context.ts';
import type { Check } from '../doctor/check.ts';
import { checkClock, checkDisk, checkHome, checkNatsServer, checkNode } from '../doctor/machine.ts';
import { checkAgency, checkBus, checkRelay, checkSiteLists } from '../doctor/parts.ts';
import { EXIT } from '../exit-codes.ts';
import { layoutOf, listAgencyFolders, pathExists } from '../home/layout.ts';
import { printResult } from '../output.ts';
import { hasPassphrase, type PassphraseFiles, passphrasesOf } from '../passphrase/passphrase.ts';
import { renderTable } from '../terminal/table.ts';

/** `congvan doctor`: looks at everything, changes nothing; exit code 6 when something fails. */
export function doctorCommand(cli: Cli): Command {
  return newCommand(cli, 'doctor', 'doctor')
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--seal-passphrase-file <file>', 'sealPassphraseFile'))
    .action(async (options: PassphraseFiles, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const checks = await runChecks(cli, options, globals);
      const healthy = checks.every((check) => check.state !== 'fail');
      printResult(cli, globals, { healthy, checks }, () => renderChecks(cli, checks));
      if (!healthy) cli.setExitCode(EXIT.refused);
    });
}

async function runChecks(
  cli: Cli,
  options: PassphraseFiles,
  globals: GlobalOptions,
): Promise<Check[]> {
  const layout = layoutOf(cli, globals);
  const folders = await listAgencyFolders(layout);
  // Without any part here it is a new installation: then the server is looked for, too.
  const runsServer = folders.length === 0 || (await pathExists(layout.bus));
  // Doctor never asks: it runs unattended too, and what it cannot open it says.
  const passphrases = hasPassphrase(cli, options) ? passphrasesOf(cli, options) : undefined;
  const checks = [
    checkNode(cli, process.version),
    await checkNatsServer(cli, runsServer),
    await checkHome(cli, layout),
    await checkDisk(cli, layout),
    await checkClock(cli, layout),
    await checkBus(cli, layout),
    ...(await checkSiteLists(cli, layout)),
    await checkRelay(cli, layout),
  ];
  for (const folder of folders) {
    checks.push(...(await checkAgency(cli, join(layout.agents, folder), passphrases)));
  }
  return checks;
}

function renderChecks(cli: Cli, checks: readonly Check[]): string {
  const { text, doctor } = cli.messages;
  return renderTable(
    cli.io,
    [
      { title: text.check },
      { title: text.agency },
      { title: text.state },
      { title: text.detail },
      { title: text.todo },
    ],
    checks.map((check) => [
      doctor.checks[check.name],
      check.agency ?? '',
      doctor.states[check.state],
      check.detail,
      check.todo,
    ]),
  );
}
