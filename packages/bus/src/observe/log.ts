import { type DestinationStream, type Logger, destination, pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface PartLogOptions {
  /** Who writes: an agency code, `site`, `relay`, `bus`. */
  readonly part: string;
  readonly level?: LogLevel;
  /** A file to append to, or a function that takes each line; standard output when left out. */
  readonly to?: string | ((line: string) => void);
  readonly now?: () => Date;
}

/** A log that is never asked for: what is secret, and whole documents. */
const NEVER_LOGGED = [
  'passphrase',
  'password',
  'seed',
  'privateKey',
  'token',
  'credentials',
  'pdf',
  'content',
  'container',
].flatMap((name) => [name, `*.${name}`]);
/** Lines that no disk takes are kept up to here, and go then. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;
/** A field longer than this is cut: a log line is no place for a document. */
const MAX_FIELD_LENGTH = 1_000;

/** Structured lines, one JSON object each: `time`, `level`, `part`, `message` and fields. */
export function createPartLog(options: PartLogOptions): Logger {
  const { part, level = 'info', to, now = () => new Date() } = options;
  return pino(
    {
      level,
      base: { part },
      messageKey: 'message',
      timestamp: () => `,"time":"${now().toISOString()}"`,
      redact: { paths: NEVER_LOGGED, censor: '[not logged]' },
      formatters: { level: (label) => ({ level: label }), log: briefFields },
    },
    streamTo(to),
  );
}

function streamTo(to: PartLogOptions['to']): DestinationStream {
  if (typeof to === 'function') return { write: to };
  const file = to === undefined ? { dest: 1 } : { dest: to, mkdir: false, mode: 0o600 };
  const stream = destination({
    ...file,
    append: true,
    sync: true,
    maxLength: MAX_UNWRITTEN_BYTES,
  });
  // A full disk loses lines; thrown here, the error would end what is only told about.
  stream.on('error', () => undefined);
  return stream;
}

function briefFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => {
      const brief = briefValue(value);
      return brief === undefined ? [] : [[key, brief]];
    }),
  );
}

/** Errors become their message and code; bytes never reach a log. */
function briefValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return undefined;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) {
    const code = 'code' in value && typeof value.code === 'string' ? ` [${value.code}]` : '';
    return `${value.message}${code}`.slice(0, MAX_FIELD_LENGTH);
  }
  return typeof value === 'string' ? value.slice(0, MAX_FIELD_LENGTH) : value;
}
