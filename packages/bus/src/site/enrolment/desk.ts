import { createHash } from 'node:crypto';

import {
  type Authority,
  type TrustStore,
  parseCertificate,
  parseCertificateRequest,
} from '@congvan/signer';

import type { AgencyCode } from '../../agency/code.ts';
import type { Site } from '../../agency/tier.ts';
import { verifyNatsSignature } from '../../broker/keys.ts';
import type { DirectoryEntry } from '../../directory/entry.ts';
import {
  ENROLMENT_USES,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  enrolmentProofInput,
  fromBase64,
  parseEnrolmentRequest,
  toBase64,
} from '../../enrolment/protocol.ts';
import { isTokenSecret } from '../../enrolment/token.ts';
import type { BusError } from '../../errors.ts';
import type { Enrolment } from '../enrolment.ts';
import {
  type GrantedCertificate,
  grantCertificate,
  stillGood,
  toListed,
  withNew,
} from './grant.ts';
import {
  ANSWER_AGAIN_MS,
  MAX_TOKEN_ATTEMPTS,
  type PendingEnrolment,
  type PendingEnrolments,
  type PendingMember,
} from './pending.ts';
import { refuseEnrolment } from './refusal.ts';

/** A longer directory stays out of the answer; the agent reads it page by page. */
const MAX_ANSWER_DIRECTORY_BYTES = 4 * 1024 * 1024;
const MAX_ANSWER_DIRECTORY_ENTRIES = 2_000;

export interface EnrolmentDeskOptions {
  readonly pending: PendingEnrolments;
  readonly enrolment: Enrolment;
  readonly authority: Authority;
  /** Whom agencies are to trust besides: the authorities of other sites. */
  readonly moreTrust?: () => Promise<MoreTrust | undefined>;
  /** DER. */
  readonly registrarCertificate: Uint8Array;
  /** Makes the consumers of what was entered: the agency can connect when it has its answer. */
  readonly prepare: () => Promise<void>;
  /** Shuts out the user key that a new one replaces. */
  readonly revokeUser?: (site: Site, userPublicKey: string) => Promise<void>;
  readonly now: () => Date;
  readonly onEnrolled?: (code: AgencyCode, id: string) => void;
}

type MoreTrust = Pick<TrustStore, 'anchors' | 'intermediates' | 'crls'>;

/** Takes tokens and gives certificates, entry and broker rights; how the request came is not its matter. */
export interface EnrolmentDesk {
  /** @throws {@link BusError} `BUS_ENROLMENT_REFUSED`, `BUS_PAYLOAD_INVALID`, `BUS_DIRECTORY_CATCHING_UP`. */
  enrol(value: unknown): Promise<EnrolmentAnswer>;
}

/**
 * The desk of one site service. One request after the other: enrolments are seldom, and so the same
 * token twice at once is served once.
 *
 * Each step can be repeated: the claim of the token for these keys, the certificates (found again by
 * their keys), the entry (found again by its user key). A desk that dies in between goes on where it
 * was when the agency asks again.
 */
export function createEnrolmentDesk(options: EnrolmentDeskOptions): EnrolmentDesk {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    enrol: async (value) => {
      const request = parseEnrolmentRequest(value);
      const work = turn.catch(() => undefined).then(async () => await serve(options, request));
      turn = work;
      return await work;
    },
  };
}

async function serve(
  options: EnrolmentDeskOptions,
  request: EnrolmentRequest,
): Promise<EnrolmentAnswer> {
  const pending = await admit(options, request);
  const { member } = pending;
  const proof = enrolmentProofInput(request);
  if (!verifyNatsSignature(request.natsUserKey, proof, fromBase64(request.natsProof))) {
    throw refuseEnrolment('keys', 'nothing proves that the broker key is theirs');
  }
  requireRequests(member, request);
  // First of all: a folder that cannot be read uses up no token.
  const more = await options.moreTrust?.();
  // Nor does a registry that has to wait: each try would get certificates, and no entry.
  if (pending.state !== 'used') await options.enrolment.registry.requireCaughtUp();
  const keysSha256 = hashKeys(request);
  if (pending.keysSha256 !== null && pending.keysSha256 !== keysSha256) {
    throw refuseEnrolment('used', 'this token was used with other keys');
  }
  if (pending.state === 'open') {
    await requireFree(options, member);
    await options.pending.update({ ...pending, state: 'claimed', keysSha256 });
  }
  const granted: GrantedCertificate[] = [];
  for (const use of ENROLMENT_USES) {
    const csr = request.requests[use];
    if (csr === undefined) continue;
    const subject = subjectOf(member, use);
    granted.push(await grantCertificate(options.authority, { use, csr: fromBase64(csr), subject }));
  }
  await requireWanted(options, pending);
  const enrolled = await enter(options, member, request.natsUserKey, granted);
  if (pending.state !== 'used') {
    const usedAt = options.now().toISOString();
    await options.pending.update({ ...pending, state: 'used', keysSha256, usedAt });
    options.onEnrolled?.(member.code, pending.id);
  }
  return composeAnswer(options, member, granted, enrolled, more);
}

/** Whether the token is good. Only who has the secret learns why it is not. */
async function admit(
  { pending: store, now }: EnrolmentDeskOptions,
  { id, secret }: EnrolmentRequest,
): Promise<PendingEnrolment> {
  const pending = await store.find(id);
  if (pending === undefined) throw unknownToken();
  if (pending.attempts >= MAX_TOKEN_ATTEMPTS) {
    throw refuseEnrolment('locked', 'too many wrong secrets came with this token');
  }
  if (!isTokenSecret(secret, pending.secretSha256)) {
    await store.update({ ...pending, attempts: pending.attempts + 1 });
    throw unknownToken();
  }
  if (pending.state === 'cancelled') {
    throw refuseEnrolment('cancelled', 'the registrar has cancelled this token');
  }
  const end = Date.parse(pending.expiresAt) + (pending.state === 'open' ? 0 : ANSWER_AGAIN_MS);
  if (now().getTime() >= end) {
    throw refuseEnrolment('expired', `this token was good until ${pending.expiresAt}`);
  }
  return pending;
}

/** The registrar may have taken the token back while certificates were made. */
async function requireWanted(
  { pending: store }: EnrolmentDeskOptions,
  { id }: PendingEnrolment,
): Promise<void> {
  if ((await store.find(id))?.state !== 'cancelled') return;
  throw refuseEnrolment('cancelled', 'the registrar has cancelled this token');
}

function unknownToken(): BusError {
  return refuseEnrolment('unknown', 'no enrolment waits for this token');
}

function requireRequests(member: PendingMember, { requests }: EnrolmentRequest): void {
  if ((requests.seal !== undefined) === member.issuesSeal) return;
  const what = member.issuesSeal ? 'is missing' : 'was not asked for';
  throw refuseEnrolment('request', `the request for the seal key ${what}`);
}

async function requireFree({ enrolment }: EnrolmentDeskOptions, member: PendingMember) {
  await enrolment.registry.refresh();
  const known = enrolment.registry.newest(member.code);
  if (known === undefined) return;
  if (known.entry.role !== 'agency') {
    throw refuseEnrolment('agency', `${member.code} is the code of a ${known.entry.role}`);
  }
  if (member.replaces || known.entry.natsUserKey === null) return;
  throw refuseEnrolment('agency', `${member.code} is in the directory already`);
}

/** Names the set of keys; a request for the same key may be signed anew. */
function hashKeys({ natsUserKey, requests }: EnrolmentRequest): string {
  const hash = createHash('sha256').update(`${natsUserKey}\n`);
  for (const use of ENROLMENT_USES) {
    const csr = requests[use];
    if (csr === undefined) continue;
    try {
      hash.update(`${use} `).update(parseCertificateRequest(fromBase64(csr)).publicKeyDer);
    } catch (cause) {
      throw refuseEnrolment('keys', `the request for the ${use} key is no proof of it`, cause);
    }
  }
  return hash.digest('hex');
}

/** The names that go into certificates: those of the person come from the registrar, not the request. */
export function subjectOf(
  member: Pick<PendingMember, 'name' | 'code'> & { readonly locality?: string | undefined },
  use: string,
): { commonName: string; organization: string; country: string; locality?: string } {
  const { name, code, locality } = member;
  return {
    commonName: use === 'seal' ? name : `${name} (${code})`,
    organization: name,
    country: 'VN',
    ...(locality === undefined ? {} : { locality }),
  };
}

interface Entered {
  readonly record: Uint8Array;
  readonly userJwt: string;
}

async function enter(
  options: EnrolmentDeskOptions,
  member: PendingMember,
  natsUserKey: string,
  granted: readonly GrantedCertificate[],
): Promise<Entered> {
  const { enrolment, authority, now } = options;
  await enrolment.registry.refresh();
  const known = enrolment.registry.newest(member.code);
  const listed = granted.flatMap(({ use, certificate }) =>
    use === 'tls' ? [] : [toListed(use, certificate)],
  );
  if (member.sealCertificate !== undefined) {
    listed.push(toListed('seal', parseCertificate(fromBase64(member.sealCertificate))));
  }
  const certificates = withNew(stillGood(known?.entry, authority, now()), listed);
  if (known !== undefined && isEntered(known.entry, natsUserKey, certificates)) {
    const userJwt = await enrolment.mintUserJwt(known.entry);
    await options.prepare();
    return { record: known.record, userJwt };
  }
  const before = known?.entry;
  const { record, userJwt } = await enrolment.addWithKey({ ...member, certificates }, natsUserKey);
  await options.prepare();
  const replaced = before?.natsUserKey ?? null;
  if (before !== undefined && replaced !== null && replaced !== natsUserKey) {
    await options.revokeUser?.(before.site, replaced);
  }
  return { record, userJwt };
}

function isEntered(
  entry: DirectoryEntry,
  natsUserKey: string,
  certificates: DirectoryEntry['certificates'],
): boolean {
  const known = new Set(entry.certificates.map(({ use, sha256 }) => `${use} ${sha256}`));
  const all = certificates.every(({ use, sha256 }) => known.has(`${use} ${sha256}`));
  return entry.natsUserKey === natsUserKey && all;
}

function composeAnswer(
  options: EnrolmentDeskOptions,
  member: PendingMember,
  granted: readonly GrantedCertificate[],
  { record, userJwt }: Entered,
  more: MoreTrust | undefined,
): EnrolmentAnswer {
  const { authority, enrolment } = options;
  const { code, name, tier, site, notation, relay, servers } = member;
  const ders = (list: readonly { readonly der: Uint8Array }[]) =>
    list.map(({ der }) => toBase64(der));
  const records = enrolment.registry.entries().map(({ record: bytes }) => bytes);
  const bytes = records.reduce((sum, one) => sum + one.length, 0);
  const isShort =
    records.length <= MAX_ANSWER_DIRECTORY_ENTRIES && bytes <= MAX_ANSWER_DIRECTORY_BYTES;
  return {
    version: 1,
    member: { code, name, tier, site, notation, servers, ...(relay && { relay }) },
    issued: issuedOf(granted),
    chain: ders(granted[0]?.chain ?? []),
    userJwt,
    entry: toBase64(record),
    registrarCertificate: toBase64(options.registrarCertificate),
    anchors: ders([authority.rootCertificate, ...(more?.anchors ?? [])]),
    intermediates: ders([
      ...authority.issuingCas().map(({ certificate }) => certificate),
      ...(more?.intermediates ?? []),
    ]),
    crls: [...[...authority.lists().values()].map(toBase64), ...ders(more?.crls ?? [])],
    directory: isShort ? records.map(toBase64) : [],
  };
}

/** Certificates by their use, as answers carry them. */
export function issuedOf(granted: readonly GrantedCertificate[]): EnrolmentAnswer['issued'] {
  return Object.fromEntries(
    granted.map(({ use, certificate }) => [use, toBase64(certificate.der)]),
  );
}
