import { join } from 'node:path';

import { type AgencyCode, type SiteKeys, openSiteKeys, type Site, type Tier } from '@congvan/bus';
import { type Enrolment, openEnrolment } from '@congvan/bus/site';
import type { Authority, Certificate, KeyAlgorithm, TrustStore } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { issueKey, openHomeAuthority } from './authority.ts';
import { type Bundle, type BundleSettings, draftBundle } from './bundle.ts';
import { openRegistrarSigner, readSite, rootOf } from './registrar.ts';
import { findServers } from './servers.ts';
import { readSiteTrust } from './site-trust.ts';

/** About 8 MB of signed entries. */
const MAX_BUNDLE_ENTRIES = 2_000;

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
  /** Of keys that are elsewhere, such as a seal in a token; for these nothing is issued. */
  readonly certificates?: { readonly node?: Certificate; readonly seal?: Certificate };
  /** Whom the agency trusts besides this authority: the issuers of such certificates. */
  readonly trust?: TrustStore;
  readonly bundle: string;
  /** A relay's, where the centre made them: a site has no keys for that. */
  readonly credentials?: Uint8Array;
  /** Whether a later entry may take the place of one that is there. */
  readonly replace: boolean;
}

export interface AddedMember {
  readonly sequence: number;
  readonly certificates: readonly { readonly use: KeyUse; readonly sha256: string }[];
}

type KeyUse = 'node' | 'seal' | 'encryption';

interface MemberKey {
  readonly certificate: Certificate;
  /** Absent for a key that is elsewhere. */
  readonly p12?: Uint8Array;
}
interface MemberKeys {
  readonly node: MemberKey;
  readonly seal?: MemberKey;
  readonly encryption?: MemberKey;
}

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
  const operator = await openSiteKeys(join(layout.bus, 'operator'));
  await requireSite(cli, operator, member.site);
  const enrolment = await openEnrolment({
    folder: layout.site,
    operator,
    registrar: settings.registrar,
    signRegistrar: await openRegistrarSigner(cli, layout, passphrases),
    now: cli.now,
    ...rootOf(settings),
  });
  checkPlace(cli, enrolment, member);
  const authority = await openHomeAuthority(cli, layout, passphrases);
  const keysPassphrase = await passphrases.choose('keys', text.newKeys);
  const draft = await draftBundle(cli, member.bundle);
  try {
    const keys = await issueKeys(authority, member, keysPassphrase);
    const listed = (['node', 'seal', 'encryption'] as const).flatMap((use) => {
      const key = keys[use];
      return key === undefined ? [] : [{ use, certificate: key.certificate }];
    });
    const input = {
      code: member.code,
      name: member.name,
      tier: member.tier,
      site: member.site,
      parent: member.parent,
      oldCodes: member.oldCodes,
      certificates: listed.map(({ use, certificate: { sha256, der } }) => {
        return { use, sha256, der: Buffer.from(der).toString('base64') };
      }),
    };
    const enrolled =
      member.role === 'relay'
        ? await enrolment.addRelay(input, member.credentials)
        : await enrolment.addAgency(input);
    await draft.publish({
      settings: bundleSettings(member, servers, settings.relay),
      ...(keys.node.p12 === undefined ? {} : { nodeP12: keys.node.p12 }),
      ...(keys.seal?.p12 === undefined ? {} : { sealP12: keys.seal.p12 }),
      ...(keys.encryption?.p12 === undefined ? {} : { encryptionP12: keys.encryption.p12 }),
      credentials: enrolled.credentials,
      ...trustOf(authority, [await readSiteTrust(layout), member.trust]),
      ...(await directoryOf((settings.root ?? settings).certificate, enrolment)),
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

function checkPlace(cli: Cli, { registry }: Enrolment, { code, parent, replace }: NewMember): void {
  const { text } = cli.messages;
  if (registry.newest(code) !== undefined && !replace) {
    throw new CliError('CLI_ALREADY_EXISTS', text.agencyExists(code), {
      details: { agencyCode: code },
    });
  }
  if (parent !== null && registry.newest(parent) === undefined) {
    throw new CliError('CLI_AGENCY_NOT_FOUND', text.parentNotFound(parent), {
      details: { agencyCode: parent },
    });
  }
}

async function requireSite(cli: Cli, operator: SiteKeys, site: Site): Promise<void> {
  const hosted = await operator.sites();
  if (hosted.includes(site)) return;
  const message = cli.messages.text.siteNotHosted(site, hosted.join(', '));
  throw new CliError('CLI_SITE_NOT_HOSTED', message, { details: { site } });
}

/** A relay signs watermarks only: it has a node key and no other. */
async function issueKeys(
  authority: Authority,
  member: NewMember,
  passphrase: string,
): Promise<MemberKeys> {
  const { name, code, role } = member;
  const given = member.certificates ?? {};
  const locality = member.locality === undefined ? {} : { locality: member.locality };
  const subject = { organization: name, country: 'VN', ...locality };
  const issue = async (
    use: KeyUse,
    commonName: string,
    algorithm: KeyAlgorithm,
  ): Promise<MemberKey> => {
    const certificate = use === 'encryption' ? undefined : given[use];
    if (certificate !== undefined) return { certificate };
    const request = { subject: { ...subject, commonName }, use, algorithm };
    return await issueKey(authority, request, passphrase);
  };
  const node = await issue('node', `${name} (${code})`, 'ec-p256');
  if (role === 'relay') return { node };
  const seal = await issue('seal', name, 'rsa-2048');
  return { node, seal, encryption: await issue('encryption', `${name} (${code})`, 'ec-p256') };
}

function trustOf(
  authority: Authority,
  more: readonly (TrustStore | undefined)[],
): Pick<Bundle, 'anchors' | 'intermediates' | 'crls'> {
  const moreOf = (kind: 'anchors' | 'intermediates' | 'crls') =>
    more.flatMap((store) => store?.[kind].map(({ der }) => der) ?? []);
  return {
    anchors: [authority.rootCertificate.der, ...moreOf('anchors')],
    intermediates: [
      ...authority.issuingCas().map(({ certificate }) => certificate.der),
      ...moreOf('intermediates'),
    ],
    crls: [...authority.lists().values(), ...moreOf('crls')],
  };
}

/**
 * The entries known so far, the new one among them, and who has signed them. A long directory stays out:
 * the agent fetches it in pages. It goes in whole or not at all, since an agent asks only for what comes
 * after the last entry it knows.
 */
async function directoryOf(
  registrar: Certificate,
  enrolment: Enrolment,
): Promise<Pick<Bundle, 'registrarCertificate' | 'directory'>> {
  await enrolment.registry.refresh();
  const records = enrolment.registry.entries().map(({ record }) => record);
  const directory = records.length > MAX_BUNDLE_ENTRIES ? [] : records;
  return { registrarCertificate: registrar.der, directory };
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
