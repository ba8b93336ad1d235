import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { startProgress } from './progress.ts';

/** What sealing and opening tell while they run, and what stops them. */
export interface StreamControl {
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Shows how far a stream is, until it has ended or somebody has pressed Ctrl-C.
 *
 * @throws {@link CliError} `CLI_GIVEN_UP` after Ctrl-C; what `run` throws.
 */
export async function withProgress<T>(
  cli: Cli,
  label: string,
  bytes: number,
  run: (control: StreamControl) => Promise<T>,
  stopped: string = cli.messages.files.stopped,
): Promise<T> {
  const signal = cli.stopSignal();
  using progress = startProgress(cli.io, label, bytes, 'bytes');
  let done = 0;
  const onProgress = (now: number): void => {
    progress.advance(now - done);
    done = now;
  };
  try {
    return await run({ onProgress, signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new CliError('CLI_GIVEN_UP', stopped, { cause });
  }
}
