import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';

/** Where the parts of one installation stand. A clerk's machine has `agents/` only. */
export interface HomeLayout {
  readonly root: string;
  /** The certificate authority. */
  readonly ca: string;
  /** The local nats-server. */
  readonly bus: string;
  /** The site service: directory entries, registrar key, credentials. */
  readonly site: string;
  readonly relay: string;
  /** One folder per agency, named by its subject token (`H09-12`). */
  readonly agents: string;
  /** Enrolment bundles that `agency add` writes and `agent init` reads. */
  readonly enrolment: string;
}

/** The home of `--home`, `CONGVAN_HOME`, or `~/congvan`. */
export function layoutOf(cli: Pick<Cli, 'env'>, globals: GlobalOptions): HomeLayout {
  const asked = globals.home ?? (cli.env['CONGVAN_HOME'] || undefined);
  const root = resolve(asked ?? join(cli.env['HOME'] ?? homedir(), 'congvan'));
  return {
    root,
    ca: join(root, 'ca'),
    bus: join(root, 'bus'),
    site: join(root, 'site'),
    relay: join(root, 'relay'),
    agents: join(root, 'agents'),
    enrolment: join(root, 'enrolment'),
  };
}

export async function pathExists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** Folder names of the agencies set up in this home, sorted. */
export async function listAgencyFolders(layout: HomeLayout): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(layout.agents);
  } catch {
    return [];
  }
  const found = await Promise.all(
    names.map(async (name) =>
      (await pathExists(join(layout.agents, name, 'agent.json'))) ? name : '',
    ),
  );
  return found.filter((name) => name !== '').toSorted();
}

/**
 * The folder of the agency to act for: the one of `--agency` (or `CONGVAN_AGENCY`), else the only one.
 *
 * @throws {@link CliError} `CLI_AGENCY_NOT_HERE` or `CLI_AGENCY_NOT_CHOSEN`.
 */
export async function chooseAgency(cli: Cli, globals: GlobalOptions): Promise<string> {
  const layout = layoutOf(cli, globals);
  const { text } = cli.messages;
  const folders = await listAgencyFolders(layout);
  const asked = globals.agency ?? (cli.env['CONGVAN_AGENCY'] || undefined);
  if (asked !== undefined) {
    const { codeToToken, parseAgencyCode } = await import('@congvan/bus');
    const code = parseAgencyCode(asked);
    const token = codeToToken(code);
    if (folders.includes(token)) return join(layout.agents, token);
    throw new CliError('CLI_AGENCY_NOT_HERE', text.agencyNotHere(code, layout.root), {
      details: { agencyCode: code, home: layout.root },
    });
  }
  const [only, ...others] = folders;
  if (only === undefined) {
    throw new CliError('CLI_AGENCY_NOT_HERE', text.noAgencyHere(layout.root), {
      details: { home: layout.root },
    });
  }
  if (others.length === 0) return join(layout.agents, only);
  const codes = folders.map((folder) => folder.replaceAll('-', '.')).join(', ');
  throw new CliError('CLI_AGENCY_NOT_CHOSEN', text.severalAgencies(codes), {
    details: { agencies: codes },
  });
}
