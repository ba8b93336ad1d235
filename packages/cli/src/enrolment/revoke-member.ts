import { join } from 'node:path';

import {
  type AgencyCode,
  type DirectoryEntry,
  holdsOperatorKeys,
  type LocalOperator,
  openSiteKeys,
  type PushResult,
  type PushTargets,
  pushAccount,
  revokeUser,
  type SiteKeys,
} from '@congvan/bus';
import { type Registry, openEnrolment, openPendingEnrolments } from '@congvan/bus/site';
import { type Authority, parseCertificate, type RevocationReason } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { keepConfigs } from '../plan/keep-configs.ts';
import { type OpenedPlan, type TlsOptions, placeOf } from '../plan/plan-folder.ts';
import { pushChanged } from '../plan/push-changed.ts';
import { openHomeAuthority } from './authority.ts';
import { tlsOfHome, wantTls } from './bus-tls.ts';
import { pendingFolderOf } from './desk.ts';
import { openRegistrarSigner, readSite, rootOf } from './registrar.ts';
import { keepOut } from './keep-out.ts';
import { findServers } from './servers.ts';
import { spreadCrls } from './spread-crl.ts';

export interface Revocation {
  readonly code: AgencyCode;
  readonly reason: RevocationReason;
  /** Whether the directory entry ends now; else it stays, without a user key. */
  readonly closes: boolean;
  readonly servers: readonly string[] | undefined;
  readonly tls: TlsOptions;
  /** Where the operator's keys are, when this home has only those of its site. */
  readonly plan?: OpenedPlan;
  /** Hears what did not stop the revocation, but ought to be known. */
  readonly warn: (error: unknown) => void;
}

export interface RevokedMember {
  readonly name: string;
  readonly natsUserKey: string | null;
  readonly brokers: readonly PushResult[];
  readonly certificates: readonly { readonly use: string; readonly serialNumber: string }[];
  readonly closedAt: string | null;
  /** Ids of the enrolment tokens that were still good. */
  readonly tokens: readonly string[];
  readonly written: readonly string[];
  /** Configurations of the plan's servers that are other ones now. */
  readonly configs: readonly string[];
}

/**
 * Shuts an agency out. Each step may be repeated: run again after a server was not reached, it gives
 * the account to that server and leaves the rest as it is.
 *
 * @throws {@link CliError} `CLI_AGENCY_NOT_FOUND`.
 */
export async function revokeMember(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
  revocation: Revocation,
): Promise<RevokedMember> {
  const { code, reason, closes } = revocation;
  const settings = await readSite(cli, layout);
  const keys = await openSiteKeys(join(layout.bus, 'operator'));
  const enrolment = await openEnrolment({
    folder: layout.site,
    operator: keys,
    registrar: settings.registrar,
    ...rootOf(settings),
    signRegistrar: await openRegistrarSigner(cli, layout, passphrases),
    now: cli.now,
  });
  const entry = enrolment.registry.newest(code)?.entry;
  if (entry === undefined) {
    const message = cli.messages.text.agencyNotFound(code);
    throw new CliError('CLI_AGENCY_NOT_FOUND', message, { details: { agencyCode: code } });
  }
  const authority = await openHomeAuthority(cli, layout, passphrases);
  const { site, name } = entry;
  const natsUserKey = entry.natsUserKey ?? lastUserKey(enrolment.registry, code);
  const place =
    revocation.plan === undefined ? undefined : await placeOf(cli, revocation.plan, site);
  const servers =
    revocation.servers ?? place?.servers ?? (await findServers(cli, layout, undefined));
  const tls = await tlsOfHome(cli, layout, passphrases, revocation.tls, wantTls(servers));
  const targets = { servers, ...(tls === undefined ? {} : { tls }) };
  const brokers = await shutOut(
    cli,
    place?.operator ?? keys,
    { ...entry, natsUserKey },
    targets,
    revocation.plan,
  );
  const operator = place?.operator ?? keys;
  // Only now: nothing must delay what ends the connection of this one.
  if (holdsOperatorKeys(operator)) {
    brokers.push(...(await keepOut(operator, enrolment.registry, targets, revocation.warn)));
  }
  const configs =
    revocation.plan === undefined
      ? []
      : await keepConfigs(
          revocation.plan,
          // A relay of the centre has rights there, too.
          entry.role === 'relay'
            ? revocation.plan.plan.places.map(({ id }) => id)
            : [place?.id ?? ''],
        );
  const certificates = await revokeCertificates(authority, entry.certificates, reason, cli.now());
  const closedAt = closes ? (entry.validTo ?? cli.now().toISOString()) : null;
  if (entry.natsUserKey !== null || (closes && entry.validTo === null)) {
    await enrolment.amend(code, { natsUserKey: null, ...(closes ? { validTo: closedAt } : {}) });
  }
  const written = await spreadCrls(layout, authority);
  const tokens = await cancelTokens(layout, code);
  return { name, natsUserKey, brokers, certificates, closedAt, tokens, written, configs };
}

/**
 * The key that the entry lost when the agency was shut out before: a broker that was not reached then,
 * or whose operator's keys were elsewhere, has still to hear of it.
 */
function lastUserKey(registry: Registry, code: AgencyCode): string | null {
  const before = registry
    .entries()
    .findLast(({ entry }) => entry.code === code && entry.natsUserKey !== null);
  return before?.entry.natsUserKey ?? null;
}

/** A token made before would bring the agency back, or whoever has found it. */
async function cancelTokens(layout: HomeLayout, code: AgencyCode): Promise<string[]> {
  const store = openPendingEnrolments(pendingFolderOf(layout));
  const cancelled: string[] = [];
  for (const { id, state, member } of await store.list()) {
    if (member.code !== code || state === 'cancelled') continue;
    if ((await store.cancel(id)) !== undefined) cancelled.push(id);
  }
  return cancelled;
}

/** Only the centre has the keys for it; a province still stops renewing, and its centre does the rest. */
async function shutOut(
  cli: Cli,
  keys: SiteKeys,
  { code, role, site, natsUserKey }: DirectoryEntry,
  targets: PushTargets,
  plan: OpenedPlan | undefined,
): Promise<PushResult[]> {
  if (!holdsOperatorKeys(keys)) {
    const error = new Error(cli.messages.failures.operatorKeys.hint);
    return targets.servers.map((server) => ({ server, error }));
  }
  if (role === 'relay') return await shutOutRelay(keys, { code, natsUserKey }, targets, plan);
  if (natsUserKey !== null) {
    return await revokeUser(keys, { site, userPublicKey: natsUserKey }, targets);
  }
  return await pushAccount(keys, await keys.agencyAccountJwt(site), targets);
}

/** Relays have an account of their own, and of a plan also a user at the centre. */
async function shutOutRelay(
  keys: LocalOperator,
  { code, natsUserKey }: Pick<DirectoryEntry, 'code' | 'natsUserKey'>,
  targets: PushTargets,
  opened: OpenedPlan | undefined,
): Promise<PushResult[]> {
  const account =
    natsUserKey === null
      ? await keys.serviceAccountJwt('RELAY')
      : await keys.revokeServiceUser('RELAY', natsUserKey);
  if (opened !== undefined) {
    const { revokePlannedRelay } = await import('@congvan/bus/plan');
    const planned = await revokePlannedRelay(opened, code);
    if (planned !== undefined) return await pushChanged(opened.plan, planned.accounts, targets.tls);
  }
  return await pushAccount(keys, account, targets);
}

/** Those that this authority has issued; of others their own authority has to be told. */
async function revokeCertificates(
  authority: Authority,
  listed: readonly { readonly use: string; readonly der: string }[],
  reason: RevocationReason,
  at: Date,
): Promise<{ use: string; serialNumber: string }[]> {
  const own = listed.flatMap(({ use, der }) => {
    const { serialNumber, sha256, subjectText } = parseCertificate(Buffer.from(der, 'base64'));
    const isOurs = authority.lookUp(serialNumber)?.sha256 === sha256;
    return isOurs ? [{ use, serialNumber, subjectText }] : [];
  });
  // TLS certificates stand in no entry; they have the name of the node's.
  const names = new Set(own.filter(({ use }) => use === 'node').map((one) => one.subjectText));
  const clients = authority
    .list()
    .filter(({ use, subjectText }) => use === 'client' && names.has(subjectText))
    .map(({ serialNumber }) => ({ use: 'tls', serialNumber }));
  const revoked: { use: string; serialNumber: string }[] = [];
  for (const { use, serialNumber } of [...own, ...clients]) {
    const before = authority.lookUp(serialNumber)?.revoked;
    if (before !== undefined && before.reason !== 'certificateHold') continue;
    if (before !== undefined && reason === 'certificateHold') continue;
    await authority.revoke(serialNumber, reason, { at });
    revoked.push({ use, serialNumber });
  }
  return revoked;
}
