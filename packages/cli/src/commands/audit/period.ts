import { InvalidArgumentError } from 'commander';

import type { Cli } from '../../context.ts';

export interface Months {
  readonly from: string;
  readonly to: string;
}

/** `2026-10` or `2026-10..2026-12`. */
export function parseMonths(cli: Cli): (value: string) => Months {
  return (value) => {
    const match = /^(\d{4}-(?:0[1-9]|1[0-2]))(?:\.\.(\d{4}-(?:0[1-9]|1[0-2])))?$/u.exec(value);
    const from = match?.[1];
    const to = match?.[2] ?? from;
    if (from === undefined || to === undefined || from > to) {
      throw new InvalidArgumentError(cli.messages.text.wantedPeriod);
    }
    return { from, to };
  };
}
