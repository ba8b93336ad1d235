import { join } from 'node:path';

import type { BusPlan } from '@congvan/bus/plan';
import type { LocalOperator, TlsMaterial } from '@congvan/bus';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { pathExists } from '../home/layout.ts';
import { readInputFile } from '../home/input-file.ts';
import { type PassphraseFiles, passphrasesOf } from '../passphrase/passphrase.ts';

/** Options by which a command reaches servers that ask for certificates. */
export interface TlsOptions extends PassphraseFiles {
  readonly tlsCa?: string;
  readonly tlsP12?: string;
}

export interface OpenedPlan {
  readonly plan: BusPlan;
  readonly operators: ReadonlyMap<string, LocalOperator>;
}

/**
 * Opens a folder that `congvan bus plan` wrote.
 *
 * @throws {@link CliError} `CLI_FILE_NOT_FOUND` when it holds no plan.
 */
export async function openPlanFolder(cli: Cli, folder: string): Promise<OpenedPlan> {
  const { PLAN_FILE, openPlan } = await import('@congvan/bus/plan');
  if (await pathExists(join(folder, PLAN_FILE))) return await openPlan(folder);
  throw new CliError('CLI_FILE_NOT_FOUND', cli.messages.plan.noPlan(folder), {
    details: { folder },
  });
}

/** @throws {@link CliError} `CLI_USAGE` for a place that the plan does not have. */
export function choosePlaces(
  cli: Cli,
  plan: BusPlan,
  named: readonly string[] | undefined,
): readonly string[] | undefined {
  const known = plan.places.map(({ id }) => id);
  const unknown = named?.find((name) => !known.includes(name));
  if (unknown === undefined) return named;
  const message = cli.messages.plan.noPlace(unknown, known.join(', '));
  throw new CliError('CLI_USAGE', message, { details: { place: unknown } });
}

/** What `--tls-ca` and `--tls-p12` name; `undefined` without them. */
export async function readTlsOptions(
  cli: Cli,
  options: TlsOptions,
): Promise<TlsMaterial | undefined> {
  if (options.tlsCa === undefined) return undefined;
  const ca = [Buffer.from(await readInputFile(cli, options.tlsCa)).toString('utf8')];
  if (options.tlsP12 === undefined) return { ca };
  const p12 = await readInputFile(cli, options.tlsP12);
  const passphrase = await passphrasesOf(cli, options).get('general', options.tlsP12);
  return { ca, client: { p12, passphrase } };
}
