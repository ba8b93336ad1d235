import { join } from 'node:path';

import { type AgencyCode, type DirectoryEntry, openSiteKeys } from '@congvan/bus';
import { type Enrolment, openEnrolment } from '@congvan/bus/site';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { openRegistrarSigner, readSite, rootOf } from './registrar.ts';

/** The registry of this home, open for new entries. */
export async function openHomeEnrolment(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
): Promise<Enrolment> {
  const settings = await readSite(cli, layout);
  return await openEnrolment({
    folder: layout.site,
    operator: await openSiteKeys(join(layout.bus, 'operator')),
    registrar: settings.registrar,
    signRegistrar: await openRegistrarSigner(cli, layout, passphrases),
    now: cli.now,
    ...rootOf(settings),
  });
}

/** @throws {@link CliError} `CLI_AGENCY_NOT_FOUND`. */
export function requireEntry(cli: Cli, enrolment: Enrolment, code: AgencyCode): DirectoryEntry {
  const entry = enrolment.registry.newest(code)?.entry;
  if (entry !== undefined) return entry;
  throw new CliError('CLI_AGENCY_NOT_FOUND', cli.messages.text.agencyNotFound(code), {
    details: { agencyCode: code },
  });
}
