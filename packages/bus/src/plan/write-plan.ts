import { mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { createFile, replaceFile } from '../disk/atomic-file.ts';
import type { Site } from '../agency/tier.ts';
import { signerFileName } from '../operator/files.ts';
import { type LocalOperator, openOperator } from '../operator/operator.ts';
import type { BusPlan } from './bus-plan.ts';
import { readDescription } from './description.ts';
import { type LineDifference, compareLines } from './line-difference.ts';
import { type PlanFile, planFiles, serverConfigs } from './plan-files.ts';
import type { PlanWithKeys } from './replace-credentials.ts';

/** The description that a folder of files was written from. */
export const PLAN_FILE = 'plan.yaml';
const KEYS_FOLDER = 'keys';

/** What became of one file, or would. */
export interface WrittenFile {
  readonly path: string;
  readonly change: 'made' | 'changed' | 'same';
  /** The lines that differ, for a text that changed; secrets in it are left out. */
  readonly difference: readonly LineDifference[];
}

export interface WrittenPlan {
  readonly plan: BusPlan;
  readonly files: readonly WrittenFile[];
  /** Files of an earlier plan that this one has no use for; they are left alone. */
  readonly leftOver: readonly string[];
}

/**
 * Writes every file of a plan into a folder; doing it again with the same description changes
 * nothing. Keys and credentials are made once and never written over.
 *
 * @param check - true: change nothing, only say what would be.
 * @throws {@link BusError} `BUS_PLAN_INVALID`.
 */
export async function writePlan(
  description: string,
  where: string,
  folder: string,
  options: { readonly check?: boolean; readonly now: Date },
): Promise<WrittenPlan> {
  const plan = readDescription(description, where);
  const check = options.check === true;
  const operators = await openPlanOperators(plan, folder);
  if (!check) await tieToNetworks(plan, operators);
  const files: PlanFile[] = [
    { path: PLAN_FILE, secret: false, content: description },
    ...(await planFiles(plan, (place) => known(operators, place), options.now)),
  ];
  const written: WrittenFile[] = [];
  for (const file of files) written.push(await writeOne(folder, file, check));
  const wanted = new Set(files.map(({ path }) => path));
  const leftOver = (await listFiles(folder)).filter((path) => !wanted.has(path));
  return { plan, files: written, leftOver };
}

/** Opens a folder that {@link writePlan} wrote. */
export async function openPlan(
  folder: string,
): Promise<{ plan: BusPlan; operators: ReadonlyMap<string, LocalOperator> }> {
  const file = join(folder, PLAN_FILE);
  const plan = readDescription(await readFile(file, 'utf8'), file);
  return { plan, operators: await openPlanOperators(plan, folder) };
}

/** What the description says of networks is what holds; the servers learn it with `bus apply`. */
async function tieToNetworks(
  plan: BusPlan,
  operators: ReadonlyMap<string, LocalOperator>,
): Promise<void> {
  for (const { id, sites, networks } of plan.places) {
    for (const site of sites)
      await known(operators, id).setSiteNetworks(site, networks[site] ?? []);
  }
}

/**
 * Writes the signing key of a site, after it was replaced, to where the plan's folder has it.
 *
 * @returns the file, which has to go to the site's home.
 */
export async function writeSiteSigner(
  folder: string,
  operator: LocalOperator,
  site: Site,
): Promise<string> {
  const path = join(folder, 'sites', site, 'home', 'bus', 'operator', signerFileName(site));
  await replaceFile(path, await operator.siteSignerFile(site), 0o600);
  return path;
}

/**
 * Writes the servers' configurations anew, after somebody was shut out. What a server was told since
 * its first start stands in its data folder alone; one that lost it knows what its configuration
 * says, and lets in again whoever was shut out after that was written.
 *
 * @param placeIds - the places whose accounts have changed.
 * @returns the files that are other ones now, relative to the folder; they belong on the servers.
 */
export async function writeServerConfigs(
  { folder, plan, operators }: PlanWithKeys,
  placeIds: readonly string[],
): Promise<string[]> {
  const changed: string[] = [];
  for (const place of plan.places.filter(({ id }) => placeIds.includes(id))) {
    for (const file of await serverConfigs(plan, place, known(operators, place.id))) {
      const { path, change } = await writeOne(folder, file, false);
      if (change !== 'same') changed.push(path);
    }
  }
  return changed;
}

/** One folder of keys for each place: whoever takes over a site's server is nobody anywhere else. */
async function openPlanOperators(
  plan: BusPlan,
  folder: string,
): Promise<Map<string, LocalOperator>> {
  const operators = new Map<string, LocalOperator>();
  for (const place of plan.places) {
    const operator = await openOperator(join(folder, KEYS_FOLDER, place.id));
    for (const site of place.sites) await operator.addSite(site);
    operators.set(place.id, operator);
  }
  return operators;
}

async function writeOne(folder: string, file: PlanFile, check: boolean): Promise<WrittenFile> {
  const path = join(folder, file.path);
  const mode = file.secret ? 0o600 : 0o644;
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (!check) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (found === undefined) {
    if (!check) {
      const content = typeof file.content === 'string' ? file.content : await file.content();
      await createFile(path, content, mode);
    }
    return { path: file.path, change: 'made', difference: [] };
  }
  if (typeof file.content !== 'string' || found === file.content) {
    return { path: file.path, change: 'same', difference: [] };
  }
  const difference = compareLines(hideTokens(found), hideTokens(file.content));
  if (!check) await replaceFile(path, file.content, mode);
  return { path: file.path, change: 'changed', difference };
}

/** Signed accounts are no secrets, but nobody reads them in a difference. */
function hideTokens(text: string): string {
  return text.replace(/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+/g, '(signed token)');
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith(`${KEYS_FOLDER}/`))
    .toSorted();
}

function known(operators: ReadonlyMap<string, LocalOperator>, place: string): LocalOperator {
  const operator = operators.get(place);
  if (operator === undefined) throw new Error(`no keys for ${place}`);
  return operator;
}
