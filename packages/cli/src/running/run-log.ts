import type { Command } from 'commander';

import { type GlobalOptions, newOption } from '../command.ts';
import type { Cli } from '../context.ts';
import { safeText } from '../terminal/safe-text.ts';
import { formatClock } from '../terminal/time.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Lines of a part that runs: JSON objects with `--json` or in a file, else one short line for people. */
export type RunLog = (level: LogLevel, message: string, fields?: LogFields) => void;

export interface RunLogOptions {
  readonly logFile?: string;
  readonly logLevel?: LogLevel;
}

const LEVELS: readonly LogLevel[] = ['info', 'warn', 'error'];

/** `--metrics`, `--log-file` and `--log-level`, the same for agent, site and relay. */
export function addRunOptions(cli: Cli, command: Command): Command {
  return addLogOptions(cli, command.addOption(newOption(cli, '--metrics <address>', 'metrics')));
}

export function addLogOptions(cli: Cli, command: Command): Command {
  return command.addOption(newOption(cli, '--log-file <file>', 'logFile')).addOption(
    newOption(cli, '--log-level <level>', 'logLevel')
      .choices([...LEVELS])
      .default('info'),
  );
}

/** Log lines are the result of a running command, so they go to stdout, or to the file named. */
export async function createRunLog(
  cli: Cli,
  globals: GlobalOptions,
  part: string,
  options: RunLogOptions = {},
): Promise<RunLog> {
  const { logFile, logLevel = 'info' } = options;
  if (logFile === undefined && globals.json !== true) {
    return (level, message, fields = {}) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(logLevel)) return;
      cli.io.out(lineForPeople(cli, part, level, message, fields));
    };
  }
  const { createPartLog } = await import('@congvan/bus/observe');
  const to = logFile ?? ((line: string): void => cli.io.out(line));
  const log = createPartLog({ part, level: logLevel, now: cli.now, to });
  return (level, message, fields = {}) => log[level](fields, message);
}

function lineForPeople(
  cli: Cli,
  part: string,
  level: LogLevel,
  message: string,
  fields: LogFields,
): string {
  const { text } = cli.messages;
  const mark = level === 'info' ? '' : `${level === 'warn' ? text.warning : text.error}: `;
  const rest = Object.entries(fields).flatMap(([key, value]) => {
    const shown = showValue(value);
    return shown === undefined ? [] : [` ${key}=${shown}`];
  });
  return `${formatClock(cli.now())} ${part} ${mark}${safeText(message)}${rest.join('')}\n`;
}

/** Errors become their message and code; bytes never reach a log. */
function showValue(value: unknown): string | undefined {
  if (value === undefined || value instanceof Uint8Array) return undefined;
  const text = textOf(value);
  return safeText(/\s/u.test(text) ? JSON.stringify(text) : text);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (!(value instanceof Error)) return JSON.stringify(value);
  const code = 'code' in value && typeof value.code === 'string' ? ` [${value.code}]` : '';
  return `${value.message}${code}`;
}
