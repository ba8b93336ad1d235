import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { createAgentProgram, isAgentRun } from '../src/running/agent-program.ts';
import { createProgram } from '../src/program.ts';
import { messagesOf } from '../src/messages/index.ts';
import type { Cli } from '../src/context.ts';

const PACKAGES = resolve(import.meta.dirname, '../..');
const MAIN = join(PACKAGES, 'cli', 'src', 'main.ts');
/** Tells of every module on stderr. */
const HOOK = `import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({ load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); } });`;

/** Modules that a command line has loaded, from our packages' folders or with the name of a foreign one. */
async function loadedBy(...argv: readonly string[]): Promise<string[]> {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', hook, MAIN, ...argv]);
  const own = pathToFileURL(PACKAGES).href;
  return stderr
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.split('/node_modules/').at(-1) ?? url)
    .map((url) => url.replace(`${own}/`, ''));
}

describe('the program', () => {
  it('names its commands without loading broker, signatures or databases', async () => {
    const loaded = await loadedBy('--version');
    expect(loaded).toContain('cli/src/program.ts');
    const foreign = loaded.filter((url) => !url.startsWith('cli/src/'));
    const names = new Set(foreign.map((url) => url.split('/')[0]));
    const light = ['commander', 'cli-table3', 'cli-progress'];
    const widths = ['string-width', 'strip-ansi', 'ansi-regex', 'is-fullwidth-code-point'];
    expect(
      [...names].filter((name) => ![...light, ...widths, 'emoji-regex'].includes(name ?? '')),
    ).toEqual([]);
  });

  it('loads no other command for an agent', async () => {
    const loaded = await loadedBy('agent', 'run', '--help');
    expect(loaded).toContain('cli/src/commands/agent/run.ts');
    // Once more after the restart with little memory.
    const commands = [...new Set(loaded)].filter((url) =>
      /^cli\/src\/(?:commands|program)/.test(url),
    );
    expect(commands).toEqual(['cli/src/commands/agent/run.ts']);
  });

  it('has the same `agent run` alone as among the others', () => {
    expect(helpOf(createAgentProgram)).toBe(helpOf(createProgram));
  });

  it('knows a command line that runs an agent', () => {
    const isOne = (line: string): boolean => isAgentRun(line.split(' '));
    expect(isOne('agent run')).toBe(true);
    expect(isOne('--home agent --json agent run --all')).toBe(true);
    expect(isOne('--lang=en agent run')).toBe(true);
    expect(isOne('agent status')).toBe(false);
    expect(isOne('agent --json run')).toBe(false);
    expect(isOne('send agent run')).toBe(false);
    expect(isOne('--home agent run')).toBe(false);
    expect(isOne('--home')).toBe(false);
  });
});

function helpOf(create: typeof createProgram): string {
  const nothing = (): never => {
    throw new Error('nothing runs here');
  };
  const cli: Cli = {
    env: {},
    language: 'en',
    messages: messagesOf('en'),
    io: {
      out: nothing,
      err: nothing,
      outIsTty: false,
      errIsTty: false,
      columns: 100,
      promptSecret: undefined,
    },
    now: () => new Date(0),
    stopSignal: nothing,
    setExitCode: nothing,
  };
  const run = create(cli, '0.0.0')
    .commands.find((command) => command.name() === 'agent')
    ?.commands.find((command) => command.name() === 'run');
  return run?.helpInformation() ?? '';
}
