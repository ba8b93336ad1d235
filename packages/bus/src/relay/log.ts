/** Where a relay says what happens to it; never secrets or document content. */
export type RelayLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  details?: Readonly<Record<string, string | number>>,
) => void;

/** What to log of something that was thrown. */
export function describeError(error: unknown): { detail: string; code?: string } {
  if (!(error instanceof Error)) return { detail: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { detail: error.message, ...code };
}
