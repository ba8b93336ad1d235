import { join } from 'node:path';

import type { AgencyCode, DirectoryEntry } from '@congvan/bus';
import { type EntryDraft, type Registry, draftOf, openRegistry } from '@congvan/bus/site';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { openRegistrarSigner, readSite, rootOf } from './registrar.ts';

/** The registry of this home, open for new entries: it needs no key of the broker. */
export async function openHomeRegistry(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
): Promise<Registry> {
  const settings = await readSite(cli, layout);
  const { rootRegistrar: root } = rootOf(settings);
  return await openRegistry({
    folder: join(layout.site, 'directory'),
    registrar: settings.registrar,
    sign: await openRegistrarSigner(cli, layout, passphrases),
    now: cli.now,
    root,
  });
}

/** Signs a later entry in the place of one. */
export async function amendEntry(
  registry: Registry,
  before: DirectoryEntry,
  change: Partial<EntryDraft>,
): Promise<DirectoryEntry> {
  return (await registry.append({ ...draftOf(before), ...change })).entry;
}

/** @throws {@link CliError} `CLI_AGENCY_NOT_FOUND`. */
export function requireEntry(cli: Cli, registry: Registry, code: AgencyCode): DirectoryEntry {
  const entry = registry.newest(code)?.entry;
  if (entry !== undefined) return entry;
  throw new CliError('CLI_AGENCY_NOT_FOUND', cli.messages.text.agencyNotFound(code), {
    details: { agencyCode: code },
  });
}
