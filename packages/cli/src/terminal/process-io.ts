import { ReadStream } from 'node:tty';

import type { Io } from '../context.ts';
import { promptSecret } from './secret-prompt.ts';

const DEFAULT_COLUMNS = 100;

/** The streams of this process. A reader that went away (`| head`) ends output quietly. */
export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  stdout.on('error', ignoreBrokenPipe);
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

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
