import type { AccountJwt, LocalOperator, PushResult, PushTargets } from '@congvan/bus';
import type { Registry } from '@congvan/bus/site';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { printNote } from '../output.ts';

type Known = Pick<Registry, 'entries' | 'holders'>;
type Warn = (error: unknown) => void;

/**
 * Shuts out again whose broker key the directory took away, where the operator's keys do not know of
 * it: they were put back from an older copy.
 *
 * @param warn - hears why nothing of it was done; what the command is for goes on all the same.
 * @returns the servers that did not take it.
 */
export async function keepOut(
  operator: LocalOperator,
  registry: Known,
  targets: PushTargets,
  warn: Warn,
): Promise<PushResult[]> {
  const { pushAccount } = await import('@congvan/bus');
  const results: PushResult[] = [];
  for (const account of await writeDownTaken(operator, registry, warn)) {
    results.push(...(await pushAccount(operator, account, targets)));
  }
  return results.filter(({ error }) => error !== undefined);
}

/** As {@link keepOut} on disk alone. @returns the accounts that have changed. */
export async function writeDownTaken(
  operator: LocalOperator,
  registry: Known,
  warn: Warn,
): Promise<AccountJwt[]> {
  const { revokeTakenKeys } = await import('@congvan/bus/site');
  try {
    return await revokeTakenKeys(operator, registry);
  } catch (error) {
    warn(error);
    return [];
  }
}

/** The directory of this home, for {@link keepOut}; `undefined` where there is none or it cannot be read. */
export async function openKnown(cli: Cli, globals: GlobalOptions): Promise<Known | undefined> {
  const { openOwnRegistry } = await import('./read-directory.ts');
  try {
    return await openOwnRegistry(cli, globals);
  } catch (error) {
    warnOf(cli, globals)(error);
    return undefined;
  }
}

export function warnOf(cli: Cli, globals: GlobalOptions): Warn {
  return (error) => {
    const { message } = describeFailure(error, cli.messages);
    printNote(cli, globals, `${cli.messages.text.warning}: ${message}`);
  };
}
