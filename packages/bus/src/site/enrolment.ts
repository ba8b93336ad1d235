import { join } from 'node:path';

import type { AgencyCode } from '../agency/code.ts';
import { type Site, type Tier, parseSite } from '../agency/tier.ts';
import { readCredentials } from '../broker/jwt.ts';
import { createNatsKey } from '../broker/keys.ts';
import type { DirectoryEntry } from '../directory/entry.ts';
import { BusError } from '../errors.ts';
import type { SiteKeys } from '../operator/site-keys.ts';
import type { VerifySignature } from '../record/authenticate.ts';
import type { SignBytes } from '../record/frame.ts';
import { mintAgencyCredentials, mintAgencyJwt, mintRelayCredentials } from './credentials.ts';
import {
  type EntryDraft,
  type RegisteredEntry,
  type Registry,
  type RegistryOptions,
  openRegistry,
} from './registry.ts';

export interface EnrolmentOptions {
  /** The site service's folder; the entries stand in `directory/` below it. */
  readonly folder: string;
  readonly operator: SiteKeys;
  readonly registrar: AgencyCode;
  readonly signRegistrar: SignBytes;
  /** Whose certificate every agency pins: who delegated to this registrar, or itself. */
  readonly rootRegistrar?: RegistryOptions['root'];
  /** Verifies the entries of other registrars; without it none of them is taken in. */
  readonly verify?: VerifySignature;
  readonly now?: () => Date;
}

/** What an operator says about an agency; the rest of its entry has a default. */
export interface AgencyInput {
  readonly code: AgencyCode;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: AgencyCode | null;
  readonly site: Site;
  readonly certificates: DirectoryEntry['certificates'];
  readonly validFrom?: string;
  readonly validTo?: string | null;
  readonly oldCodes?: readonly string[];
  readonly predecessors?: readonly AgencyCode[];
  readonly successors?: readonly AgencyCode[];
}

export interface Enrolled extends RegisteredEntry {
  /** The file that lets the agency or relay connect; shown once, kept nowhere here. */
  readonly credentials: Uint8Array;
}

/** As {@link Enrolled}, where the agency puts its own seed to the JWT. */
export interface EnrolledWithKey extends RegisteredEntry {
  readonly userJwt: string;
}

/**
 * Writes directory entries and mints credentials, from files alone: it needs no broker, so a
 * command can do it while the site service runs elsewhere and picks the entry up.
 */
export interface Enrolment {
  readonly registry: Registry;
  addAgency(input: AgencyInput): Promise<Enrolled>;
  /**
   * A relay is a directory entry of its own, with rights to read all reports.
   *
   * @param credentials - those that the centre made for it, where the keys here may make none.
   * @throws {@link BusError} `BUS_CREDENTIALS_INVALID` for credentials of somebody else.
   */
  addRelay(input: AgencyInput, credentials?: Uint8Array): Promise<Enrolled>;
  /** As {@link Enrolment.addAgency}, for an agency that made its user key itself. */
  addWithKey(input: AgencyInput, userPublicKey: string): Promise<EnrolledWithKey>;
  /** A fresh JWT for the user key that the entry names. */
  mintUserJwt(entry: DirectoryEntry): Promise<string>;
  /** A later entry for the same code, such as a closed one, which replaces the earlier. */
  amend(code: AgencyCode, change: Partial<EntryDraft>): Promise<RegisteredEntry | undefined>;
  /** New credentials for an agency that is in the directory, under a new user key. */
  renewCredentials(code: AgencyCode): Promise<Enrolled | undefined>;
}

export async function openEnrolment(options: EnrolmentOptions): Promise<Enrolment> {
  const { operator } = options;
  const now = options.now ?? (() => new Date());
  const registry = await openRegistry({
    folder: join(options.folder, 'directory'),
    registrar: options.registrar,
    sign: options.signRegistrar,
    now,
    ...(options.rootRegistrar === undefined ? {} : { root: options.rootRegistrar }),
    ...(options.verify === undefined ? {} : { verify: options.verify }),
  });
  const enrol = async (draft: EntryDraft): Promise<Enrolled> => {
    const user = createNatsKey('user');
    const mint = draft.role === 'relay' ? mintRelayCredentials : mintAgencyCredentials;
    const credentials = await mint(operator, draft, now(), user);
    const registered = await registry.append({ ...draft, natsUserKey: user.publicKey });
    return { ...registered, credentials };
  };
  const mintUserJwt = async ({ code, site, role, natsUserKey }: DirectoryEntry | EntryDraft) => {
    // A relay's rights are another account's: those of an agency must not come to its key.
    if (role !== 'agency') {
      throw new BusError('BUS_ENROLMENT_REFUSED', `${code} is no agency: it is not renewed here`, {
        details: { reason: 'agency', agencyCode: code },
      });
    }
    if (natsUserKey === null) {
      throw new BusError(
        'BUS_ENROLMENT_REFUSED',
        `${code} has no user key: it has to enrol again`,
        {
          details: { reason: 'agency', agencyCode: code },
        },
      );
    }
    const signer = await operator.siteSigner(site);
    return await mintAgencyJwt(signer, { code, userPublicKey: natsUserKey }, now());
  };
  const current = async (code: AgencyCode): Promise<EntryDraft | undefined> => {
    await registry.refresh();
    const found = registry.newest(code)?.entry;
    if (found === undefined) return undefined;
    const { sequence: _1, registrar: _2, signedAt: _3, basedOn: _4, ...draft } = found;
    return draft;
  };
  return {
    registry,
    addAgency: async (input) => await enrol(toDraft(input, 'agency', now())),
    addRelay: async (input, credentials) => {
      const draft = toDraft(input, 'relay', now());
      if (credentials === undefined) return await enrol(draft);
      const natsUserKey = await relayUserKey(draft.code, credentials);
      return { ...(await registry.append({ ...draft, natsUserKey })), credentials };
    },
    addWithKey: async (input, userPublicKey) => {
      const draft = { ...toDraft(input, 'agency', now()), natsUserKey: userPublicKey };
      // First the JWT: an entry whose key is refused must not come about.
      const userJwt = await mintUserJwt(draft);
      return { ...(await registry.append(draft)), userJwt };
    },
    mintUserJwt,
    amend: async (code, change) => {
      const draft = await current(code);
      return draft && (await registry.append({ ...draft, ...change }));
    },
    renewCredentials: async (code) => {
      const draft = await current(code);
      return draft && (await enrol(draft));
    },
  };
}

async function relayUserKey(code: AgencyCode, credentials: Uint8Array): Promise<string> {
  const { name, userPublicKey } = await readCredentials(credentials);
  if (name === `relay ${code}`) return userPublicKey;
  throw new BusError(
    'BUS_CREDENTIALS_INVALID',
    `the credentials belong to "${name}", not to the relay ${code}`,
    { details: { agencyCode: code } },
  );
}

function toDraft(input: AgencyInput, role: DirectoryEntry['role'], now: Date): EntryDraft {
  return {
    code: input.code,
    name: input.name,
    tier: input.tier,
    parent: input.parent,
    site: parseSite(input.site),
    role,
    validFrom: input.validFrom ?? now.toISOString(),
    validTo: input.validTo ?? null,
    oldCodes: [...(input.oldCodes ?? [])],
    predecessors: [...(input.predecessors ?? [])],
    successors: [...(input.successors ?? [])],
    certificates: [...input.certificates],
    natsUserKey: null,
  };
}
