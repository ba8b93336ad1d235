import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { layoutOf, pathExists } from '../home/layout.ts';

interface DemoCommandOptions {
  readonly keep?: true;
}

/** `congvan demo`: four tiers on this machine, with real parts, in a home of its own. */
export function demoCommand(cli: Cli): Command {
  return newCommand(cli, 'demo', 'demo')
    .addOption(newOption(cli, '--keep', 'keep'))
    .action(async (options: DemoCommandOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { runDemo } = await import('../demo/run-demo.ts');
      const home = await demoHome(cli, globals);
      await runDemo(cli, {
        layout: layoutOf(cli, { ...globals, home }),
        json: globals.json === true,
        keep: options.keep === true,
      });
    });
}

/** A folder that does not exist yet, or a fresh one that stays so that one can look into it. */
async function demoHome(cli: Cli, globals: GlobalOptions): Promise<string> {
  if (globals.home === undefined) return await mkdtemp(join(tmpdir(), 'congvan-demo-'));
  const home = resolve(globals.home);
  if (!(await pathExists(home)) || (await isEmptyFolder(home))) return home;
  throw new CliError('CLI_ALREADY_EXISTS', cli.messages.text.folderExists(home), {
    details: { folder: home },
  });
}

async function isEmptyFolder(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch {
    return false;
  }
}
