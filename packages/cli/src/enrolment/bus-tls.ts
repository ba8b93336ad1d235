import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TlsMaterial } from '@congvan/bus';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { type HomeLayout, pathExists } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { type TlsOptions, readTlsOptions } from '../plan/plan-folder.ts';

const DAY_MS = 86_400_000;
/** A new certificate is made when less than this is left: a service may run for months. */
const RENEW_BEFORE_MS = 180 * DAY_MS;

/**
 * What a service or command of this home takes to reach servers with TLS: the files that the command
 * line names, else the home's own authority as anchor and a certificate of it, made once and kept
 * in `site/tls.p12` under the authority's passphrase.
 *
 * @param wanted - whether the servers ask for TLS at all.
 * @throws {@link CliError} `CLI_USAGE` when they do, none is named, and this home has no authority.
 */
export async function tlsOfHome(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
  options: TlsOptions,
  wanted: boolean,
): Promise<TlsMaterial | undefined> {
  const named = await readTlsOptions(cli, options);
  if (named !== undefined) return named;
  if (!wanted) return undefined;
  if (!(await pathExists(layout.ca))) {
    throw new CliError('CLI_USAGE', cli.messages.plan.tlsWanted, {
      details: { folder: layout.ca },
    });
  }
  const ca = [await readFile(join(layout.ca, 'root.crt'), 'utf8')];
  const passphrase = await passphrases.get('ca', cli.messages.text.caKeys);
  return { ca, client: { p12: await keptCertificate(cli, layout, passphrases), passphrase } };
}

/** Whether any of these addresses asks for TLS. */
export function wantTls(servers: readonly string[]): boolean {
  return servers.some((server) => server.startsWith('tls://'));
}

async function keptCertificate(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
): Promise<Uint8Array> {
  const { openPkcs12 } = await import('@congvan/signer');
  const passphrase = await passphrases.get('ca', cli.messages.text.caKeys);
  const file = join(layout.site, 'tls.p12');
  const kept = await readFile(file).catch(() => undefined);
  if (kept !== undefined) {
    const { notAfter } = openPkcs12(kept, passphrase).certificate;
    if (notAfter.getTime() - cli.now().getTime() > RENEW_BEFORE_MS) return kept;
  }
  const { issueKey, openHomeAuthority } = await import('./authority.ts');
  const { readSite } = await import('./registrar.ts');
  const { registrar } = await readSite(cli, layout);
  const authority = await openHomeAuthority(cli, layout, passphrases);
  const subject = { commonName: `congvan ${registrar}`, country: 'VN' };
  const { p12 } = await issueKey(authority, { subject, use: 'client' }, passphrase);
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, p12, { mode: 0o600, flush: true });
  await rename(draft, file);
  return p12;
}
