import { join } from 'node:path';

import type { PushTargets, SiteKeys, TlsMaterial } from '@congvan/bus';
import type { SiteService } from '@congvan/bus/site';
import type { Authority } from '@congvan/signer';
import type { Command } from 'commander';

import {
  collectServers,
  type GlobalOptions,
  newCommand,
  newOption,
  passphraseOption,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Site } from '../../enrolment/registrar.ts';
import { findServers } from '../../enrolment/servers.ts';
import { type HomeLayout, layoutOf, pathExists } from '../../home/layout.ts';
import { type Passphrases, passphrasesOf } from '../../passphrase/passphrase.ts';
import type { TlsOptions } from '../../plan/plan-folder.ts';
import { type MetricsOptions, observe, siteObserved } from '../../running/observed.ts';
import {
  type RunLog,
  type RunLogOptions,
  addRunOptions,
  createRunLog,
} from '../../running/run-log.ts';
import { untilStopped } from '../../running/until-stopped.ts';

interface SiteRunOptions extends TlsOptions, RunLogOptions, MetricsOptions {
  readonly server?: readonly string[];
}

/** `congvan site run`: streams, consumers and directory answers, until stopped. */
export function siteRunCommand(cli: Cli): Command {
  const command = newCommand(cli, 'run', 'siteRun')
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(newOption(cli, '--tls-ca <file>', 'tlsCa'))
    .addOption(newOption(cli, '--tls-p12 <file>', 'tlsP12'))
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'));
  return addRunOptions(cli, command).action(async (options: SiteRunOptions, own: Command) => {
    await siteRun(cli, options, own.optsWithGlobals<GlobalOptions>());
  });
}

async function siteRun(cli: Cli, options: SiteRunOptions, globals: GlobalOptions): Promise<void> {
  cli.stopSignal();
  const layout = layoutOf(cli, globals);
  const { openSite } = await import('@congvan/bus/site');
  const { openSiteKeys } = await import('@congvan/bus');
  const { SITE_PLAN_FILE, readSitePlan } = await import('@congvan/bus/plan');
  const { openRegistrarSigner, readSite, rootOf } = await import('../../enrolment/registrar.ts');
  const { tlsOfHome, wantTls } = await import('../../enrolment/bus-tls.ts');
  const settings = await readSite(cli, layout);
  const servers = await findServers(cli, layout, options.server);
  const passphrases = passphrasesOf(cli, options);
  const signRegistrar = await openRegistrarSigner(cli, layout, passphrases);
  const keys = await openSiteKeys(join(layout.bus, 'operator'));
  const plan = await readSitePlan(join(layout.bus, SITE_PLAN_FILE));
  const log = await createRunLog(cli, globals, 'site', options);
  const tls = await tlsOfHome(cli, layout, passphrases, options, wantTls(servers));
  const authority = await openSiteAuthority(cli, layout, passphrases, log);
  using _lock = await lockSite(cli, layout);
  const trust = await followTrust(cli, layout, authority, log);
  await using site = await openSite({
    ...(authority === undefined ? {} : { authority }),
    ...(tls === undefined ? {} : { tls }),
    folder: layout.site,
    operator: keys,
    ...(plan?.plan === 'flat' ? { limits: plan.limits } : {}),
    ...(plan?.plan === 'federated' ? { federated: { site: plan.site, limits: plan.limits } } : {}),
    registrar: settings.registrar,
    ...rootOf(settings),
    ...trust.options,
    signRegistrar,
    servers,
    now: cli.now,
    onError: (error) => log('error', error.message, { error }),
  });
  log('info', cli.messages.text.runs, {
    servers: servers.join(','),
    sites: (await keys.sites()).join(','),
    entries: site.enrolment.registry.entries().length,
  });
  const targets = { servers, ...(tls === undefined ? {} : { tls }) };
  await keepOutAtStart(keys, site, targets, log);
  await using desk = await runEnrolmentDesk(cli, globals, {
    layout,
    authority,
    passphrases,
    site,
    keys,
    targets,
    registrarCertificate: (settings.root ?? settings).certificate.der,
  });
  if (desk !== undefined) log('info', cli.messages.enrolment.deskRuns, { port: desk.port });
  const sites = new Set(await site.hostedSites());
  const ends = await certificateEnds(settings, tls);
  const watched = { servers, ends, lists: trust.lists };
  const observed = await siteObserved(site, sites, cli.now, watched);
  await using _observed = await observe(options, log, observed);
  await untilStopped(cli);
  log('info', cli.messages.text.stopped);
}

/** Without the registrar's nobody is entered any more, without the other no server with TLS is reached. */
async function certificateEnds(
  { certificate }: Site,
  tls: TlsMaterial | undefined,
): Promise<ReadonlyMap<string, number>> {
  const { endOfPkcs12 } = await import('@congvan/signer');
  const ends = new Map([['registrar', certificate.notAfter.getTime()]]);
  const client = tls?.client;
  const tlsEndsMs = client && endOfPkcs12(client.p12, client.passphrase);
  return tlsEndsMs === undefined ? ends : ends.set('tls', tlsEndsMs);
}

/** Whom the service believes, as its folder has it while it runs. */
async function followTrust(
  cli: Cli,
  layout: HomeLayout,
  authority: Authority | undefined,
  log: RunLog,
) {
  const { EndedLists } = await import('../../running/ended-lists.ts');
  const { openSiteTrust } = await import('../../enrolment/site-verifier.ts');
  const trust = await openSiteTrust(layout, authority, cli.now);
  const { text } = cli.messages;
  const lists = new EndedLists(trust.store, cli.now, (issuer, endedAt) =>
    log('warn', text.listEnded(issuer), { endedAt }),
  );
  lists.look();
  const refreshTrust = async (): Promise<boolean> => {
    try {
      const isNew = await trust.refresh();
      if (isNew) log('info', text.trustReloaded);
      return isNew;
    } finally {
      lists.look();
    }
  };
  return { lists, options: { verify: trust.verify, otherLists: trust.otherLists, refreshTrust } };
}

/** Where the operator's keys are here, too, and were put back from an older copy than the directory. */
async function keepOutAtStart(
  keys: SiteKeys,
  { enrolment }: SiteService,
  targets: PushTargets,
  log: RunLog,
): Promise<void> {
  const { holdsOperatorKeys } = await import('@congvan/bus');
  if (!holdsOperatorKeys(keys)) return;
  const { keepOut } = await import('../../enrolment/keep-out.ts');
  const warn = (error: unknown): void =>
    log('error', error instanceof Error ? error.message : String(error), { error });
  for (const { server, error } of await keepOut(keys, enrolment.registry, targets, warn)) {
    log('error', error?.message ?? '', { server });
  }
}

/**
 * One site service for each home: a second one would sign entries of the same registrar under the
 * same numbers. On another machine, with a home of its own, a second one shares the work.
 *
 * @throws {@link CliError} `CLI_ALREADY_RUNNING`.
 */
async function lockSite(cli: Cli, layout: HomeLayout): Promise<Disposable> {
  const { takeRunLock } = await import('@congvan/bus/sqlite');
  const lock = takeRunLock(join(layout.site, 'site.lock'));
  if (lock !== undefined) return { [Symbol.dispose]: () => lock.release() };
  const message = cli.messages.plan.siteRuns(layout.site);
  throw new CliError('CLI_ALREADY_RUNNING', message, { details: { folder: layout.site } });
}

interface DeskInput {
  readonly layout: HomeLayout;
  readonly authority: Authority | undefined;
  readonly passphrases: Passphrases;
  readonly site: SiteService;
  readonly keys: SiteKeys;
  readonly targets: PushTargets;
  readonly registrarCertificate: Uint8Array;
}

/** The authority of this home, for renewals; without one agencies keep what they have until it ends. */
async function openSiteAuthority(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
  log: RunLog,
): Promise<Authority | undefined> {
  if (!(await pathExists(layout.ca))) return undefined;
  const { openHomeAuthority } = await import('../../enrolment/authority.ts');
  try {
    return await openHomeAuthority(cli, layout, passphrases);
  } catch (error) {
    // Its key may be on a token that is not there: delivery goes on all the same.
    log('warn', cli.messages.enrolment.noRenewals, { error: String(error) });
    return undefined;
  }
}

/** Serves the enrolment desk where one was set up: only then is the authority needed. */
async function runEnrolmentDesk(cli: Cli, globals: GlobalOptions, input: DeskInput) {
  const { layout, passphrases, keys, targets } = input;
  const { readDesk, runDesk } = await import('../../enrolment/desk.ts');
  if ((await readDesk(cli, layout)) === undefined) return undefined;
  const { openHomeAuthority } = await import('../../enrolment/authority.ts');
  const { holdsOperatorKeys, revokeUser } = await import('@congvan/bus');
  const log = await createRunLog(cli, globals, 'enrolment');
  return await runDesk(cli, {
    ...input,
    // Here it has to be there: the error says what lacks.
    authority: input.authority ?? (await openHomeAuthority(cli, layout, passphrases)),
    revokeUser: async (site, userPublicKey) => {
      if (!holdsOperatorKeys(keys)) {
        log('warn', cli.messages.failures.operatorKeys.hint, { site, userKey: userPublicKey });
        return;
      }
      const results = await revokeUser(keys, { site, userPublicKey }, targets);
      for (const { server, error } of results) {
        if (error !== undefined) log('error', error.message, { server, userKey: userPublicKey });
      }
    },
    onError: (error) => log('error', error.message, { error }),
    onEnrolled: (code, id) => log('info', cli.messages.enrolment.enrolled, { agency: code, id }),
  });
}
