/** The part of a structured logger that the agent uses; a pino logger fits. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** For embedding applications that give no logger. */
export const SILENT_LOG: Log = {
  info: () => {},
  warn: () => {},
  error: () => {},
};
