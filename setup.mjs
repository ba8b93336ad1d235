#!/usr/bin/env node
/**
 * Sets the project up and runs one task. It runs on the machine's own Node (20 or newer), before
 * anything is installed: hence plain JavaScript, nothing imported but Node's own modules, and all
 * of its words on stderr, so that stdout belongs to the task.
 *
 *   node setup.mjs [--judges] [TASK [ARGUMENT...]]
 *
 * TASK is `congvan` (the command), `check` (format, lint, types, tests), `bench` (a file of
 * packages/&#42;/bench), `campaign` (a file of packages/&#42;/campaign) or `fuzz` (packages/signer/fuzz);
 * without one only the set-up is done. `--judges` also provides the outside programs that the tests
 * ask for a second opinion.
 *
 * The steps: a pinned pnpm through npx, the packages of the lockfile, Node 24 from among them,
 * then `setup/tools.ts` on that Node for what comes from outside npm.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const ROOT = path.dirname(fileURLToPath(import.meta.url));
const BIN = path.join(ROOT, 'node_modules', '.bin');
const STAMP = path.join(ROOT, 'node_modules', '.congvan-setup');
const IS_WINDOWS = process.platform === 'win32';
const PROGRESS_EVERY_MS = 10_000;

/** A failure that the user can do something about: printed as `error:` and `hint:`. */
class SetupError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`);
  process.exitCode = 1;
}

/** @returns the exit code of the task. */
async function main(argv) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new SetupError(
      `Node ${process.versions.node} is too old`,
      `install Node ${OLDEST_NODE} or newer with npm`,
    );
  }
  const { judges, task, taskArguments } = readArguments(argv);
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const pnpm = manifest.packageManager;
  const command = commandOf(task, taskArguments, pnpm);

  await installPackages(pnpm, manifest.devDependencies.node);
  const env = await provideTools(judges);
  if (command === undefined) {
    say('ready');
    return 0;
  }
  return runTask(command, env);
}

/** npm hands `--` on when it stands twice; commander would take it for an operand. */
function readArguments(argv) {
  const rest = [...argv];
  const judges = rest[0] === '--judges';
  if (judges) rest.shift();
  const [task, ...taskArguments] = rest;
  return { judges, task, taskArguments: taskArguments.filter((argument) => argument !== '--') };
}

/** @returns program and arguments of a task; undefined when only the set-up is asked for. */
function commandOf(task, taskArguments, pnpm) {
  const node = nodeFile();
  switch (task) {
    case undefined:
      return undefined;
    case 'congvan':
      return [node, [path.join(ROOT, 'packages/cli/src/main.ts'), ...taskArguments]];
    case 'check':
      return ['npx', ['--prefer-offline', '--yes', pnpm, 'run', 'check', ...taskArguments]];
    case 'bench':
    case 'campaign':
      return [node, [scriptFile(task, taskArguments[0]), ...taskArguments.slice(1)]];
    case 'fuzz':
      return [node, [path.join(ROOT, 'packages/signer/fuzz/main.ts'), ...taskArguments]];
    default:
      throw new SetupError(
        `no task '${task}'`,
        'the tasks are congvan, check, bench, campaign and fuzz',
      );
  }
}

/** `packages/&#42;/<kind>/<name>.<kind>.ts`, where the kind is `bench` or `campaign`. */
function scriptFile(kind, name) {
  const files = readdirSync(path.join(ROOT, 'packages'))
    .map((folder) => path.join(ROOT, 'packages', folder, kind))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => path.join(folder, file)))
    .filter((file) => file.endsWith(`.${kind}.ts`));
  const nameOf = (file) => path.basename(file, `.${kind}.ts`);
  const found = files.find((file) => nameOf(file) === name);
  if (found === undefined) {
    const names = files.map(nameOf).join(', ') || 'none yet';
    throw new SetupError(
      name === undefined ? `which ${kind}?` : `no ${kind} '${name}'`,
      `npm run ${kind} -- NAME; there is: ${names}`,
    );
  }
  return found;
}

/** Installs what the lockfile names, unless exactly that was done before. */
async function installPackages(pnpm, nodeVersion) {
  const wanted = fingerprint();
  const isInstalled = existsSync(nodeFile()) && existsSync(binFile('congvan'));
  if (isInstalled && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;

  rmSync(STAMP, { force: true });
  say(`installing the packages of pnpm-lock.yaml with ${pnpm}; the first time takes half a minute`);
  const startedMs = Date.now();
  // From the caches first: quick, and the same with and without a network.
  let { code, output } = await runQuietly('npx', installArguments(pnpm, ['--offline']), {
    npm_config_offline: 'true',
  });
  if (code !== 0) {
    ({ code, output } = await runQuietly('npx', installArguments(pnpm, []), {
      npm_config_prefer_offline: 'true',
    }));
  }
  if (code !== 0) throw installError(pnpm, output);

  await checkNode(nodeVersion);
  if (!existsSync(binFile('congvan'))) {
    throw new SetupError(
      'pnpm did not link the congvan command',
      'see whether packages/cli/src/main.ts exists, then run this again',
    );
  }
  writeFileSync(STAMP, wanted);
  say(`installed in ${seconds(startedMs)}, running on Node ${nodeVersion}`);
}

function installArguments(pnpm, more) {
  const npx = more.includes('--offline') ? ['--offline', '--yes'] : ['--yes'];
  return [...npx, pnpm, 'install', '--frozen-lockfile', '--reporter=append-only', ...more];
}

/** Everything an installation depends on, as one hash. */
function fingerprint() {
  const packages = readdirSync(path.join(ROOT, 'packages')).sort();
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    ...packages.map((name) => `packages/${name}/package.json`),
  ];
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${ROOT}\n`);
  for (const file of files) {
    const full = path.join(ROOT, file);
    if (existsSync(full)) hash.update(`${file}\n`).update(readFileSync(full));
  }
  return hash.digest('hex');
}

/** The npm package `node` gets its binary in an install script, which can be skipped or cut off. */
async function checkNode(wanted) {
  const { code, output } = await runQuietly(nodeFile(), ['--version'], {});
  const found = output.trim();
  if (code !== 0 || found !== `v${wanted}`) {
    throw new SetupError(
      `node_modules/.bin/node is ${found || 'broken'}, not v${wanted}`,
      'remove the folder node_modules and run this again',
    );
  }
}

function installError(pnpm, output) {
  process.stderr.write(`${output.trimEnd().split('\n').slice(-25).join('\n')}\n`);
  if (/OUTDATED_LOCKFILE/.test(output)) {
    return new SetupError(
      'pnpm-lock.yaml does not fit the package.json files',
      `run \`npx ${pnpm} install\` and commit the lockfile`,
    );
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|FETCH|ENOTCACHED|dns error/i.test(output)) {
    return new SetupError(
      'the npm registry cannot be reached, and the caches do not hold everything yet',
      'run this once with a network (see `npm config get registry`, `npm config get proxy`); later runs need none',
    );
  }
  return new SetupError('the installation failed, see above', 'run this again when that is solved');
}

/**
 * Finds or fetches nats-server and, for the tests, the judges.
 *
 * @returns the environment of the task.
 */
async function provideTools(judges) {
  const args = [path.join(ROOT, 'setup/tools.ts'), ...(judges ? ['--judges'] : [])];
  const { code, stdout } = await new Promise((resolve, reject) => {
    const child = spawn(nodeFile(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.on('error', reject).on('close', (code) => resolve({ code, stdout: text }));
  });
  // setup/tools.ts has said on stderr what is missing and how to get it.
  if (code !== 0) process.exit(code ?? 1);
  const { natsServer, folders, variables } = JSON.parse(stdout);
  return {
    ...process.env,
    ...variables,
    NATS_SERVER: natsServer,
    PATH: [BIN, ...folders, process.env.PATH].join(path.delimiter),
    npm_config_update_notifier: 'false',
    npm_config_loglevel: 'error',
  };
}

/** Runs the task in the foreground; its exit code or signal becomes ours. */
function runTask([program, args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env, shell: needsShell(program) });
    const hasTerminal = [process.stdin, process.stdout, process.stderr].some((s) => s.isTTY);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        // A terminal sends Ctrl-C to the child as well; a second one would mean "at once".
        if (signal !== 'SIGINT' || !hasTerminal) child.kill(signal);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** Runs a program without showing its output; says from time to time that it is still at work. */
function runQuietly(program, args, moreEnv) {
  const env = {
    ...process.env,
    CI: 'true', // pnpm asks no questions
    npm_config_loglevel: 'error',
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_fetch_retries: '2',
    npm_config_fetch_retry_mintimeout: '1000',
    npm_config_fetch_retry_maxtimeout: '5000',
    pnpm_config_fetch_retries: '2',
    pnpm_config_fetch_retry_mintimeout: '1000',
    pnpm_config_fetch_retry_maxtimeout: '5000',
    ...moreEnv,
  };
  const startedMs = Date.now();
  const ticker = setInterval(
    () => say(`still at work after ${seconds(startedMs)}`),
    PROGRESS_EVERY_MS,
  );
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, args, { cwd: ROOT, env, stdio, shell: needsShell(program) });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    }
    child.on('error', (cause) => {
      clearInterval(ticker);
      const hint =
        program === 'npx'
          ? 'npx comes with npm: install npm'
          : 'remove node_modules and run this again';
      reject(new SetupError(`${program} cannot be started: ${cause.message}`, hint));
    });
    child.on('close', (code) => {
      clearInterval(ticker);
      resolve({ code, output });
    });
  });
}

/** On Windows npx is a batch file, which only a shell starts. */
function needsShell(program) {
  return IS_WINDOWS && program === 'npx';
}

function nodeFile() {
  // pnpm links the binary on Unix; on Windows it stands in the package.
  return IS_WINDOWS ? path.join(ROOT, 'node_modules/node/bin/node.exe') : binFile('node');
}

function binFile(name) {
  return path.join(BIN, name);
}

function seconds(sinceMs) {
  return `${Math.round((Date.now() - sinceMs) / 1000)} s`;
}

function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}
