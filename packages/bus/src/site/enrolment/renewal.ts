import {
  type Authority,
  SignerError,
  type SubjectName,
  createSignatureVerifier,
  parseCertificate,
  readSubjectName,
} from '@congvan/signer';

import type { AgencyCode } from '../../agency/code.ts';
import type { Site } from '../../agency/tier.ts';
import { type DirectoryEntry, certificatesOf, isOpenAt } from '../../directory/entry.ts';
import {
  MAX_RENEWAL_AGE_MS,
  type RenewalAnswer,
  decodeRenewalFrame,
  fromBase64,
  renewalSigningInput,
  toBase64,
} from '../../enrolment/protocol.ts';
import { BusError } from '../../errors.ts';
import type { Enrolment } from '../enrolment.ts';
import { issuedOf, subjectOf } from './desk.ts';
import {
  type GrantedCertificate,
  grantCertificate,
  stillGood,
  toListed,
  withNew,
} from './grant.ts';
import { refuseEnrolment } from './refusal.ts';

export interface RenewalDeskOptions {
  readonly enrolment: Enrolment;
  readonly authority: Authority;
  readonly prepare: () => Promise<void>;
  readonly now: () => Date;
  readonly onError?: (error: Error) => void;
}

/** Answers renewals of agencies that are in the directory. */
export interface RenewalDesk {
  /**
   * @param from - whom the subject names; the broker lets no other agency use it.
   * @returns the answer, or the refusal, as JSON: nothing is thrown at a requester.
   */
  renew(from: { code: AgencyCode; site: Site }, message: Uint8Array): Promise<Uint8Array>;
}

/** The uses that an agent renews by itself; a seal needs a person. */
const UNATTENDED = ['node', 'encryption', 'tls'] as const;

/** One after the other; the same request again finds the certificates that are there by their keys. */
export function createRenewalDesk(options: RenewalDeskOptions): RenewalDesk {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    renew: async (from, message) => {
      const work = turn
        .catch(() => undefined)
        .then(async () => await serve(options, from, message));
      turn = work;
      try {
        return encode(await work);
      } catch (error) {
        return encode(toRefusal(error, options.onError));
      }
    },
  };
}

async function serve(
  options: RenewalDeskOptions,
  from: { code: AgencyCode; site: Site },
  message: Uint8Array,
): Promise<RenewalAnswer> {
  const { enrolment, authority, now } = options;
  const { request, requestBytes, signature } = decodeRenewalFrame(message);
  if (request.code !== from.code || request.site !== from.site) {
    throw refuseEnrolment('request', 'subject and request name different agencies');
  }
  if (Math.abs(Date.parse(request.at) - now().getTime()) > MAX_RENEWAL_AGE_MS) {
    throw refuseEnrolment('expired', `the request is of ${request.at}; is the clock right?`);
  }
  await enrolment.registry.refresh();
  const known = enrolment.registry.newest(from.code);
  if (known === undefined) throw refuseEnrolment('agency', `${from.code} is not in the directory`);
  const { entry } = known;
  if (entry.site !== from.site || entry.natsUserKey === null || !isOpenAt(entry, now())) {
    throw refuseEnrolment('agency', `${from.code} is closed, revoked or of another site`);
  }
  const signedBytes = renewalSigningInput(requestBytes);
  const { subject, askedBy } = authenticate(authority, entry, signedBytes, signature, now());
  // Before anything is granted: whoever asks again and again would get a certificate each time.
  await enrolment.registry.requireCaughtUp();
  const userJwt = await enrolment.mintUserJwt(entry);
  const granted: GrantedCertificate[] = [];
  for (const use of UNATTENDED) {
    const csr = request.requests[use];
    if (csr === undefined) continue;
    const grant = { use, csr: fromBase64(csr), subject, askedBy, now: now() };
    granted.push(await grantCertificate(authority, grant));
  }
  await requireStillIn(enrolment, entry);
  const listed = granted.flatMap(({ use, certificate }) =>
    use === 'tls' ? [] : [toListed(use, certificate)],
  );
  const certificates = withNew(stillGood(entry, authority, now()), listed);
  const isListed = listed.every(({ sha256 }) =>
    entry.certificates.some((one) => one.sha256 === sha256),
  );
  const record = isListed
    ? known.record
    : ((await enrolment.amend(from.code, { certificates }))?.record ?? known.record);
  if (!isListed) await options.prepare();
  return {
    version: 1,
    issued: issuedOf(granted),
    chain: (granted[0]?.chain ?? []).map(({ der }) => toBase64(der)),
    userJwt,
    entry: toBase64(record),
  };
}

/** It may have been shut out by another process while its certificates were made. */
async function requireStillIn({ registry }: Enrolment, before: DirectoryEntry): Promise<void> {
  await registry.refresh();
  const entry = registry.newest(before.code)?.entry;
  if (entry?.natsUserKey === before.natsUserKey && entry.site === before.site) return;
  throw refuseEnrolment('agency', `${before.code} was changed meanwhile`);
}

/** @returns the name in the certificate that signed: the next ones have it too. */
function authenticate(
  authority: Authority,
  entry: DirectoryEntry,
  content: Uint8Array,
  signature: Uint8Array,
  at: Date,
): { readonly subject: SubjectName; readonly askedBy: string } {
  const candidates = certificatesOf(entry, 'node');
  const verdict = createSignatureVerifier(authority.trust())({
    content,
    signature,
    certificates: candidates.map(({ der }) => der),
    at,
  });
  const signer = candidates.find(({ sha256 }) => sha256 === verdict.certificateSha256);
  if (verdict.indication !== 'TOTAL-PASSED' || signer === undefined) {
    const why = `${verdict.subIndication ?? verdict.indication}, ${verdict.detail}`;
    throw refuseEnrolment('keys', `no listed node key has signed this request: ${why}`);
  }
  const { subject: name, subjectText: askedBy } = parseCertificate(signer.der);
  try {
    return { subject: readSubjectName(name).subject, askedBy };
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return { subject: subjectOf(entry, 'node'), askedBy };
  }
}

function toRefusal(error: unknown, onError: RenewalDeskOptions['onError']): object {
  if (error instanceof BusError) {
    if (error.code === 'BUS_ENROLMENT_REFUSED') {
      return { refused: error.details['reason'] ?? 'request', detail: error.message };
    }
    if (error.code === 'BUS_PAYLOAD_INVALID') return { refused: 'request', detail: error.message };
    if (error.code === 'BUS_USER_KEY_REVOKED') return { refused: 'agency', detail: error.message };
  }
  onError?.(error instanceof Error ? error : new Error(String(error)));
  // Anything else may name files of the site: the log has it.
  return { failed: 'the site service could not do it; its log says why' };
}

function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
