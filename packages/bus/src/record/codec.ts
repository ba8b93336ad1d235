import { createHash } from 'node:crypto';

import type { z } from 'zod';

import type { AgencyCode } from '../agency/code.ts';
import { BusError } from '../errors.ts';
import type { RawRecord } from './frame.ts';
import { MAX_RECORD_PAYLOAD_BYTES } from './limits.ts';
import { PAYLOAD_SCHEMAS, type Payloads, type RecordType } from './payload.ts';

/** A payload with its type, to be told apart by `type`. */
export type RecordPayload = {
  readonly [T in RecordType]: { readonly type: T; readonly payload: Payloads[T] };
}[RecordType];

const MAX_ISSUES_SHOWN = 3;
const encoder = new TextEncoder();
/** `ignoreBOM` keeps a BOM in the text, where JSON then refuses it: one value, one spelling. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The bytes of a payload: JSON in UTF-8, keys in the order of the schema, no space.
 *
 * Equal values give equal bytes, whatever the order of their keys; absent options are left out.
 *
 * @throws {@link BusError} `BUS_PAYLOAD_INVALID`; the message names each wrong field.
 *   `BUS_RECORD_TOO_LARGE` for one that no record can hold: who keeps it to sign it later must hear
 *   of it now.
 */
export function encodePayload<T extends RecordType>(type: T, value: Payloads[T]): Uint8Array {
  const payload = encoder.encode(JSON.stringify(validate(type, value)));
  const { length: bytes } = payload;
  if (bytes <= MAX_RECORD_PAYLOAD_BYTES) return payload;
  throw new BusError(
    'BUS_RECORD_TOO_LARGE',
    `${type} payload of ${bytes} bytes, at most ${MAX_RECORD_PAYLOAD_BYTES} are allowed`,
    { details: { part: 'payload', bytes, limit: MAX_RECORD_PAYLOAD_BYTES } },
  );
}

/**
 * Reads the payload of a record of any type. Keys that a later release added are ignored here and
 * stay in the signed bytes.
 *
 * @throws {@link BusError} `BUS_PAYLOAD_INVALID`; the message names each wrong field.
 */
export function parsePayload(raw: Pick<RawRecord, 'type' | 'payload'>): RecordPayload {
  const { type } = raw;
  const value = readJson(type, raw.payload);
  switch (type) {
    case 'delivery':
      return { type, payload: validate(type, value) };
    case 'receipt':
      return { type, payload: validate(type, value) };
    case 'report':
      return { type, payload: validate(type, value) };
    case 'watermark':
      return { type, payload: validate(type, value) };
    case 'directory':
      return { type, payload: validate(type, value) };
  }
}

/**
 * Reads the payload of a record that must have one type.
 *
 * @throws {@link BusError} `BUS_RECORD_MALFORMED` for another type, else as {@link parsePayload}.
 */
export function parsePayloadAs<T extends RecordType>(
  raw: Pick<RawRecord, 'type' | 'payload'>,
  type: T,
): Payloads[T] {
  if (raw.type !== type) {
    throw new BusError('BUS_RECORD_MALFORMED', `a ${type} was expected, not a ${raw.type}`, {
      details: { expected: type, found: raw.type },
    });
  }
  return validate(type, readJson(type, raw.payload));
}

/** What makes a delivery the same one (design rule 3); version 2 is another delivery. */
export interface DeliveryKey {
  readonly from: AgencyCode;
  readonly kind: 'doc';
  readonly businessType: number;
  readonly documentId: string;
  readonly documentVersion: number;
  readonly to: AgencyCode;
}

/** The stable id of a delivery, also its `Nats-Msg-Id`: SHA-256 of the key, lower hex. */
export function deliveryId(key: DeliveryKey): string {
  const { from, kind, businessType, documentId, documentVersion, to } = key;
  return createHash('sha256')
    .update(JSON.stringify([from, kind, businessType, documentId, documentVersion, to]))
    .digest('hex');
}

function readJson(type: RecordType, payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch (cause) {
    throw new BusError('BUS_PAYLOAD_INVALID', `bad ${type} payload: it is not JSON in UTF-8`, {
      cause,
      details: { type },
    });
  }
}

function validate<T extends RecordType>(type: T, value: unknown): Payloads[T] {
  const result = PAYLOAD_SCHEMAS[type].safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const shown = issues.slice(0, MAX_ISSUES_SHOWN).map(describeIssue).join('; ');
  const rest = issues.length - MAX_ISSUES_SHOWN;
  const more = rest > 0 ? `; and ${rest} more` : '';
  throw new BusError('BUS_PAYLOAD_INVALID', `bad ${type} payload: ${shown}${more}`, {
    details: { type, field: formatPath(issues[0]?.path ?? []) },
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = formatPath(issue.path);
  return path === '' ? issue.message : `${path} ${issue.message}`;
}

/** `['recipients', 3, 'to']` as `recipients[3].to`. */
function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
