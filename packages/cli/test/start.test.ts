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

/** Modules that a start of Node has loaded, from our packages' folders or with the name of a foreign one. */
async function loadedBy(...args: readonly string[]): Promise<string[]> {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', hook, ...args], {
    cwd: join(PACKAGES, 'cli'),
  });
  const own = pathToFileURL(PACKAGES).href;
  return stderr
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.split('/node_modules/').at(-1) ?? url)
    .map((url) => url.replace(`${own}/`, ''));
}

/** `@scope/name` or `name`, of what is not ours. */
function foreignPackages(loaded: readonly string[]): string[] {
  const foreign = loaded.filter((url) => !/^(?:bus|cli|node-agent|signer)\/src\//.test(url));
  return [...new Set(foreign.map((url) => /^(?:@[^/]+\/)?[^/]+/.exec(url)?.[0] ?? url))].toSorted();
}

describe('the program', () => {
  it('names its commands without loading broker, signatures or databases', async () => {
    const loaded = await loadedBy(MAIN, '--version');
    expect(loaded).toContain('cli/src/program.ts');
    expect(loaded.filter((url) => /^(?:bus|node-agent|signer)\/src\//.test(url))).toEqual([]);
    const tables = ['ansi-regex', 'emoji-regex', 'is-fullwidth-code-point', 'string-width'];
    const light = ['cli-progress', 'cli-table3', 'commander', 'strip-ansi', ...tables];
    expect(foreignPackages(loaded).filter((name) => !light.includes(name))).toEqual([]);
  });

  it('loads no other command for an agent', async () => {
    const loaded = await loadedBy(MAIN, 'agent', 'run', '--help');
    expect(loaded).toContain('cli/src/commands/agent/run.ts');
    // Once more after the restart with little memory.
    const commands = [...new Set(loaded)].filter((url) =>
      /^cli\/src\/(?:commands|program)/.test(url),
    );
    expect(commands).toEqual(['cli/src/commands/agent/run.ts']);
  });

  it('needs no web server, fonts or PDF library for an agent at rest', async () => {
    const script = "await import('@congvan/node-agent')";
    const loaded = await loadedBy('--input-type=module', '--eval', script);
    expect(loaded).toContain('node-agent/src/open-agent.ts');
    const nats = ['jetstream', 'jwt', 'nats-core', 'nkeys', 'nuid', 'transport-node'];
    const wanted = ['@opentelemetry/api', 'better-sqlite3', 'fflate', 'sax', 'tweetnacl', 'xml-js'];
    expect(foreignPackages(loaded)).toEqual(
      [...nats.map((name) => `@nats-io/${name}`), ...wanted, 'zod'].toSorted(),
    );
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
