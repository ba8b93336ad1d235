import { createHash } from 'node:crypto';

import { z } from 'zod';

import { TIERS } from '../agency/tier.ts';
import { BusError } from '../errors.ts';
import { agencyCode, line, site } from '../record/field.ts';

/** Below the desk's address. */
export const ENROLMENT_PATH = '/enrolment/v1';
export const MAX_ENROLMENT_REQUEST_BYTES = 64 * 1024;
export const MAX_ENROLMENT_ANSWER_BYTES = 24 * 1024 * 1024;
const MAX_RENEWAL_REQUEST_BYTES = 32 * 1024;
/** Clocks of agency and site may differ so much; an older request is refused. */
export const MAX_RENEWAL_AGE_MS = 15 * 60_000;

const MAX_CSR_CHARACTERS = 8 * 1024;
const MAX_DER_CHARACTERS = 64 * 1024;
const MAX_CRL_CHARACTERS = 8 * 1024 * 1024;
const MAX_JWT_CHARACTERS = 16 * 1024;
const MAX_TRUST_CERTIFICATES = 200;
const MAX_ANSWER_ENTRIES = 5_000;

/** Keys that an agency makes itself and asks certificates for; the seal is usually elsewhere. */
export const ENROLMENT_USES = ['node', 'encryption', 'tls', 'seal'] as const;
export type EnrolmentUse = (typeof ENROLMENT_USES)[number];

/** Why a desk refuses; `unknown` also stands for a wrong secret. */
const ENROLMENT_REFUSALS = [
  'unknown',
  'expired',
  'cancelled',
  'used',
  'locked',
  'request',
  'keys',
  'agency',
] as const;
export type EnrolmentRefusal = (typeof ENROLMENT_REFUSALS)[number];

const base64 = (maxCharacters: number) => z.base64().min(4).max(maxCharacters);
const certificate = base64(MAX_DER_CHARACTERS);
const requests = z.strictObject({
  node: base64(MAX_CSR_CHARACTERS),
  encryption: base64(MAX_CSR_CHARACTERS),
  tls: base64(MAX_CSR_CHARACTERS),
  seal: base64(MAX_CSR_CHARACTERS).optional(),
});

const requestSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/u),
  secret: z.string().regex(/^[0-9a-f]{32}$/u),
  natsUserKey: z.string().regex(/^U[A-Z2-7]{55}$/u),
  /** Signature of the NATS key over {@link enrolmentProofInput}. */
  natsProof: base64(200),
  requests,
});

/** What an agency sends to the desk: its token and the public halves of its new keys. */
export type EnrolmentRequest = z.output<typeof requestSchema>;

const issuedSchema = z.strictObject({
  node: certificate.optional(),
  encryption: certificate.optional(),
  tls: certificate.optional(),
  seal: certificate.optional(),
});

const answerSchema = z.strictObject({
  version: z.literal(1),
  member: z.strictObject({
    code: agencyCode,
    name: line(500),
    tier: z.enum(TIERS),
    site,
    notation: line(30),
    relay: agencyCode.optional(),
    servers: z.array(line(300)).min(1).max(20),
  }),
  issued: issuedSchema,
  /** Issuing CAs of these certificates, nearest first. */
  chain: z.array(certificate).max(10),
  userJwt: z.string().min(1).max(MAX_JWT_CHARACTERS),
  /** The member's own signed directory entry. */
  entry: certificate,
  registrarCertificate: certificate,
  anchors: z.array(certificate).min(1).max(MAX_TRUST_CERTIFICATES),
  intermediates: z.array(certificate).max(MAX_TRUST_CERTIFICATES),
  crls: z.array(base64(MAX_CRL_CHARACTERS)).max(MAX_TRUST_CERTIFICATES),
  /** The whole directory, oldest first, while it is short; else nothing. */
  directory: z.array(certificate).max(MAX_ANSWER_ENTRIES),
});
export type EnrolmentAnswer = z.output<typeof answerSchema>;

const refusalSchema = z.object({
  refused: z.enum(ENROLMENT_REFUSALS),
  detail: z.string().max(500),
});

const renewalSchema = z.strictObject({
  version: z.literal(1),
  code: agencyCode,
  site,
  at: z.iso.datetime(),
  requests: requests.partial(),
});
/** What a running agent asks for; its current node key signs the bytes. */
export type RenewalRequest = z.output<typeof renewalSchema>;

const renewalFrameSchema = z.strictObject({
  request: base64(MAX_RENEWAL_REQUEST_BYTES),
  signature: base64(MAX_CSR_CHARACTERS),
});

const renewalAnswerSchema = z.strictObject({
  version: z.literal(1),
  issued: issuedSchema,
  chain: z.array(certificate).max(10),
  userJwt: z.string().min(1).max(MAX_JWT_CHARACTERS),
  entry: certificate,
});
export type RenewalAnswer = z.output<typeof renewalAnswerSchema>;

const RENEWAL_CONTEXT = 'congvan-renewal/1\n';

/** What the NATS key signs, so that nobody enrols a key that is somebody else's. */
export function enrolmentProofInput(
  request: Pick<EnrolmentRequest, 'id' | 'natsUserKey' | 'requests'>,
): Uint8Array {
  const hash = createHash('sha256');
  for (const use of ENROLMENT_USES) hash.update(`${use} ${request.requests[use] ?? ''}\n`);
  const { id, natsUserKey } = request;
  return Buffer.from(`congvan-enrolment/1\n${id}\n${natsUserKey}\n${hash.digest('hex')}\n`);
}

/** @throws {@link BusError} `BUS_PAYLOAD_INVALID`, as the other readers here. */
export function parseEnrolmentRequest(value: unknown): EnrolmentRequest {
  return parse(requestSchema, value, 'enrolment request');
}

export function parseEnrolmentAnswer(bytes: Uint8Array): EnrolmentAnswer {
  return parse(answerSchema, readJson(bytes, 'enrolment answer'), 'enrolment answer');
}

/** `undefined` for anything else than a refusal. */
export function parseEnrolmentRefusal(
  bytes: Uint8Array,
): { readonly refused: EnrolmentRefusal; readonly detail: string } | undefined {
  try {
    return refusalSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The signed request as it travels, and the bytes that the node key signs. */
export function renewalSigningInput(request: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(RENEWAL_CONTEXT), request]);
}

export function encodeRenewalRequest(request: RenewalRequest): Uint8Array {
  return Buffer.from(JSON.stringify(renewalSchema.parse(request)));
}

export function encodeRenewalFrame(request: Uint8Array, signature: Uint8Array): Uint8Array {
  const frame = { request: toBase64(request), signature: toBase64(signature) };
  return Buffer.from(JSON.stringify(frame));
}

export function decodeRenewalFrame(bytes: Uint8Array): {
  readonly request: RenewalRequest;
  readonly requestBytes: Uint8Array;
  readonly signature: Uint8Array;
} {
  if (bytes.length > 2 * MAX_RENEWAL_REQUEST_BYTES) throw invalid('renewal', 'is too large');
  const frame = parse(renewalFrameSchema, readJson(bytes, 'renewal'), 'renewal');
  const requestBytes = fromBase64(frame.request);
  const request = parse(renewalSchema, readJson(requestBytes, 'renewal'), 'renewal');
  return { request, requestBytes, signature: fromBase64(frame.signature) };
}

export function parseRenewalAnswer(bytes: Uint8Array): RenewalAnswer {
  return parse(renewalAnswerSchema, readJson(bytes, 'renewal answer'), 'renewal answer');
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function readJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw invalid(what, 'is not JSON', cause);
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(what, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`);
}

function invalid(what: string, fault: string, cause?: unknown): BusError {
  return new BusError('BUS_PAYLOAD_INVALID', `${what} ${fault}`, {
    ...(cause === undefined ? {} : { cause }),
    details: { field: fault.slice(0, 100) },
  });
}
