import type { BreakdownRequest } from '@congvan/bus/figures';
import type { Option } from 'commander';

import { newOption } from '../command.ts';
import type { Cli } from '../context.ts';

export type Sort = NonNullable<BreakdownRequest['sort']>;

const SORTS: readonly Sort[] = [
  'key',
  'name',
  'rate_electronic',
  '-rate_electronic',
  'deliveries',
  '-deliveries',
  'overdue',
  '-overdue',
  'missing_numbers',
  '-missing_numbers',
  'documents',
  '-documents',
];

export function sortOption(cli: Cli): Option {
  return newOption(cli, '--sort <column>', 'statsSort').choices(SORTS);
}
