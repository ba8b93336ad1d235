import { ReadStream } from 'node:tty';

import type { Io } from '../context.ts';
import { promptSecret } from './secret-prompt.ts';

const DEFAULT_COLUMNS = 100;

/**
 * The streams of this process. A reader that went away (`| head`) ends output quietly. Another error,
 * such as a full disk, loses what is written and ends no work: an agent whose output goes to a file
 * there goes on.
 *
 * @param onLost - told of the first such error of stdout; of stderr nobody can be told.
 */
export function processIo(onLost: (error: Error) => void): Io {
  const { stdin, stdout, stderr } = process;
  let isTold = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isTold) return;
    isTold = true;
    onLost(error);
  });
  stderr.on('error', () => undefined);
  const input = stdin instanceof ReadStream && stdin.isTTY ? stdin : undefined;
  return {
    out: (text) => {
      stdout.write(text);
    },
    err: (text) => {
      stderr.write(text);
    },
    outIsTty: stdout.isTTY === true,
    errIsTty: stderr.isTTY === true,
    columns: stdout.columns ?? stderr.columns ?? DEFAULT_COLUMNS,
    promptSecret:
      input === undefined ? undefined : (question) => promptSecret(question, input, stderr),
  };
}
