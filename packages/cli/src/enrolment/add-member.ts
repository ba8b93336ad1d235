import { join } from 'node:path';

import {
  type AgencyCode,
  type LocalOperator,
  openOperator,
  type Site,
  type Tier,
} from '@congvan/bus';
import { openEnrolment } from '@congvan/bus/site';
import type { Authority } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { type IssuedKey, issueKey, openHomeAuthority } from './authority.ts';
import { type BundleSettings, draftBundle } from './bundle.ts';
import { openRegistrarSigner, readSite } from './registrar.ts';
import { findServers } from './servers.ts';

export interface NewMember {
  readonly role: 'agency' | 'relay';
  readonly code: AgencyCode;
  readonly name: string;
  readonly tier: Tier;
  readonly site: Site;
  readonly parent: AgencyCode | null;
  readonly oldCodes: readonly string[];
  readonly notation: string;
  readonly locality?: string;
  /** Broker addresses to put into the bundle; default: the local server's. */
  readonly servers?: readonly string[];
  readonly bundle: string;
  /** Whether a later entry may take the place of one that is there. */
  readonly replace: boolean;
}

export interface AddedMember {
  readonly sequence: number;
  readonly certificates: readonly { readonly use: 'node' | 'seal'; readonly sha256: string }[];
}

type MemberKeys = { readonly node: IssuedKey; readonly seal: IssuedKey | undefined };

/**
 * Issues the certificates of an agency or relay, enters it in the directory, mints its credentials
 * and writes the bundle. The directory entry is the step that counts: what was prepared before it
 * is taken away again when it fails.
 */
export async function addMember(
  cli: Cli,
  layout: HomeLayout,
  passphrases: Passphrases,
  member: NewMember,
): Promise<AddedMember> {
  const { text } = cli.messages;
  const settings = await readSite(cli, layout);
  const servers = await findServers(cli, layout, member.servers);
  const operator = await openOperator(join(layout.bus, 'operator'));
  await requireSite(cli, operator, member.site);
  const enrolment = await openEnrolment({
    folder: layout.site,
    operator,
    registrar: settings.registrar,
    signRegistrar: await openRegistrarSigner(cli, layout, passphrases),
    now: cli.now,
  });
  if (enrolment.registry.newest(member.code) !== undefined && !member.replace) {
    throw new CliError('CLI_ALREADY_EXISTS', text.agencyExists(member.code), {
      details: { agencyCode: member.code },
    });
  }
  if (member.parent !== null && enrolment.registry.newest(member.parent) === undefined) {
    throw new CliError('CLI_AGENCY_NOT_FOUND', text.parentNotFound(member.parent), {
      details: { agencyCode: member.parent },
    });
  }
  const authority = await openHomeAuthority(cli, layout, passphrases);
  const keysPassphrase = await passphrases.choose('keys', text.newKeys);
  const draft = await draftBundle(cli, member.bundle);
  try {
    const keys = await issueKeys(authority, member, keysPassphrase);
    const listed = [
      { use: 'node' as const, certificate: keys.node.certificate },
      ...(keys.seal === undefined
        ? []
        : [{ use: 'seal' as const, certificate: keys.seal.certificate }]),
    ];
    const add = member.role === 'relay' ? enrolment.addRelay : enrolment.addAgency;
    const enrolled = await add({
      code: member.code,
      name: member.name,
      tier: member.tier,
      site: member.site,
      parent: member.parent,
      oldCodes: member.oldCodes,
      certificates: listed.map(({ use, certificate: { sha256, der } }) => {
        return { use, sha256, der: Buffer.from(der).toString('base64') };
      }),
    });
    await draft.publish({
      settings: bundleSettings(member, servers, settings.relay),
      nodeP12: keys.node.p12,
      ...(keys.seal === undefined ? {} : { sealP12: keys.seal.p12 }),
      credentials: enrolled.credentials,
      anchors: [authority.rootCertificate.der],
      intermediates: [authority.issuingCertificate.der],
      crls: [authority.rootCrl(), authority.crl()],
      registrarCertificate: settings.certificate.der,
    });
    return {
      sequence: enrolled.entry.sequence,
      certificates: listed.map(({ use, certificate }) => ({ use, sha256: certificate.sha256 })),
    };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function requireSite(cli: Cli, operator: LocalOperator, site: Site): Promise<void> {
  const hosted = await operator.sites();
  if (hosted.includes(site)) return;
  const message = cli.messages.text.siteNotHosted(site, hosted.join(', '));
  throw new CliError('CLI_SITE_NOT_HOSTED', message, { details: { site } });
}

/** A relay signs watermarks only: it has a node key and no seal. */
async function issueKeys(
  authority: Authority,
  member: NewMember,
  passphrase: string,
): Promise<MemberKeys> {
  const locality = member.locality === undefined ? {} : { locality: member.locality };
  const subject = { organization: member.name, country: 'VN', ...locality };
  const node = await issueKey(
    authority,
    {
      subject: { ...subject, commonName: `${member.name} (${member.code})` },
      use: 'node',
      algorithm: 'ec-p256',
    },
    passphrase,
  );
  if (member.role === 'relay') return { node, seal: undefined };
  const seal = await issueKey(
    authority,
    { subject: { ...subject, commonName: member.name }, use: 'seal', algorithm: 'rsa-2048' },
    passphrase,
  );
  return { node, seal };
}

function bundleSettings(
  member: NewMember,
  servers: readonly string[],
  relay: AgencyCode,
): BundleSettings {
  const { role, code, name, tier, site, notation } = member;
  return {
    role,
    code,
    name,
    tier,
    site,
    servers,
    notation,
    ...(role === 'relay' ? {} : { relay }),
  };
}
