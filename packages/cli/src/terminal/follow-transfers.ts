import { setTimeout as delay } from 'node:timers/promises';

import type { Transfer } from '@congvan/node-agent';
import { SingleBar } from 'cli-progress';

import type { Cli } from '../context.ts';
import { formatBytes, formatDuration } from './transfers.ts';

const LOOK_EVERY_MS = 500;

/**
 * Shows how far transfers are, on stderr and for people only, until `look` finds none that are left or
 * somebody presses Ctrl-C.
 *
 * @param look - what is still to move; `undefined` when all is done.
 * @returns false after Ctrl-C.
 */
export async function followTransfers(
  cli: Cli,
  label: string,
  look: () => readonly Transfer[] | undefined,
): Promise<boolean> {
  const signal = cli.stopSignal();
  using bar = startBar(cli, label);
  while (!signal.aborted) {
    const left = look();
    if (left === undefined) return true;
    bar.show(left);
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

interface TransferBar extends Disposable {
  show(left: readonly Transfer[]): void;
}

function startBar(cli: Cli, label: string): TransferBar {
  if (!cli.io.errIsTty) return { show: () => undefined, [Symbol.dispose]: () => undefined };
  const { waits, rate, left: timeLeft } = cli.messages.transfers;
  const bar = new SingleBar({
    format: `${label} {bar} {percentage} %  {note}`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
  });
  bar.start(1, 0, { note: '' });
  return {
    show: (left) => {
      const [first] = left;
      if (first === undefined) return;
      const { bytesPerSecond, secondsLeft, waitsFor } = first;
      const speed = bytesPerSecond > 0 ? `${rate} ${formatBytes(bytesPerSecond)}/s` : '';
      const time = secondsLeft === null ? '' : `${timeLeft} ${formatDuration(secondsLeft)}`;
      const why = waitsFor === null ? '' : waits[waitsFor];
      bar.setTotal(first.totalBytes);
      bar.update(first.doneBytes, {
        note: [speed, time, why].filter((part) => part !== '').join(', '),
      });
    },
    [Symbol.dispose]: () => bar.stop(),
  };
}
