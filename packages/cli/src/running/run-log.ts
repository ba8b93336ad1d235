import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { safeText } from '../terminal/safe-text.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Lines of a part that runs: JSON objects with `--json`, else one short line for people. */
export type RunLog = (level: LogLevel, message: string, fields?: LogFields) => void;

const VIETNAM = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Ho_Chi_Minh',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** Log lines are the result of a running command, so they go to stdout. */
export function createRunLog(cli: Cli, globals: GlobalOptions, part: string): RunLog {
  return (level, message, fields = {}) => {
    const at = cli.now();
    if (globals.json === true) {
      const line = { time: at.toISOString(), level, part, message, ...plainFields(fields) };
      cli.io.out(`${JSON.stringify(line)}\n`);
      return;
    }
    const mark =
      level === 'info'
        ? ''
        : `${level === 'warn' ? cli.messages.text.warning : cli.messages.text.error}: `;
    const rest = Object.entries(plainFields(fields)).map(
      ([key, value]) => ` ${key}=${showValue(value)}`,
    );
    cli.io.out(`${VIETNAM.format(at)} ${part} ${mark}${safeText(message)}${rest.join('')}\n`);
  };
}

function showValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return safeText(/\s/u.test(text) ? JSON.stringify(text) : text);
}

/** Errors become their message and code; bytes never reach a log. */
function plainFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => {
      if (value === undefined || value instanceof Uint8Array) return [];
      if (value instanceof Date) return [[key, value.toISOString()]];
      if (!(value instanceof Error)) return [[key, value]];
      const code = 'code' in value && typeof value.code === 'string' ? ` [${value.code}]` : '';
      return [[key, `${value.message}${code}`]];
    }),
  );
}
