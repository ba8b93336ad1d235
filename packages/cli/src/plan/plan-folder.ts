import { join } from 'node:path';

import type { BusPlan } from '@congvan/bus/plan';
import type { LocalOperator, TlsMaterial } from '@congvan/bus';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { layoutOf, pathExists } from '../home/layout.ts';
import { readInputFile } from '../home/input-file.ts';
import { type PassphraseFiles, passphrasesOf } from '../passphrase/passphrase.ts';

/** Options by which a command reaches servers that ask for certificates. */
export interface TlsOptions extends PassphraseFiles {
  readonly tlsCa?: string;
  readonly tlsP12?: string;
}

export interface OpenedPlan {
  readonly folder: string;
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
  if (await pathExists(join(folder, PLAN_FILE))) return { folder, ...(await openPlan(folder)) };
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

/** What a command takes to reach the servers of a plan; see {@link tlsOfHome}. */
export async function tlsOfPlan(
  cli: Cli,
  globals: GlobalOptions,
  { plan }: OpenedPlan,
  options: TlsOptions,
): Promise<TlsMaterial | undefined> {
  const { tlsOfHome } = await import('../enrolment/bus-tls.ts');
  const passphrases = passphrasesOf(cli, options);
  return await tlsOfHome(cli, layoutOf(cli, globals), passphrases, options, plan.tls !== null);
}

/** The keys and servers that answer for a site: those of its place. */
export async function placeOf(
  cli: Cli,
  { plan, operators }: OpenedPlan,
  site: string,
): Promise<{
  readonly id: string;
  readonly operator: LocalOperator;
  readonly servers: readonly string[];
}> {
  const { clientAddresses, placeOfSite } = await import('@congvan/bus/plan');
  const place = placeOfSite(plan, site);
  const operator = operators.get(place?.id ?? '');
  if (place !== undefined && operator !== undefined) {
    return { id: place.id, operator, servers: clientAddresses(plan, place) };
  }
  const known = plan.places.flatMap(({ sites }) => sites).join(', ');
  throw new CliError('CLI_USAGE', cli.messages.plan.noPlace(site, known), { details: { site } });
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
