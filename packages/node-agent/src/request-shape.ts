import { z } from 'zod';

import type { InboxFilter, PaperRequest, SendRequest } from './documents.ts';
import type { OpenAgentOptions } from './open-agent.ts';
import { invalid } from './request-text.ts';

/**
 * The kinds of values that the types ask for, checked again at run time: a caller in JavaScript, or
 * with data from outside, shall hear which field is wrong before anything is taken or written. What
 * the values may be is checked where they are used.
 */
const text = z.string();
const texts = z.array(text);
const bytes = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array,
  'is not a Uint8Array such as readFile gives',
);
const callback = z.custom((value) => typeof value === 'function', 'is not a function');

const attachment = z
  .object({ name: text, mediaType: text, bytes: bytes.optional(), path: text.optional() })
  .refine((given) => (given.bytes === undefined) !== (given.path === undefined), {
    error: 'has not just one of bytes and path',
  });

const sendRequest = z.object({
  idempotencyKey: text.optional(),
  to: texts,
  alsoPaperTo: texts.optional(),
  paperTo: z.array(z.object({ name: text, reason: text })).optional(),
  document: z.object({
    name: text,
    pdf: z.custom(
      (value) => value instanceof Uint8Array || typeof value === 'function',
      'is neither a Uint8Array such as readFile gives nor a function that draws it',
    ),
  }),
  attachments: z.array(attachment).optional(),
  abstract: text,
  documentType: text,
  notation: text.optional(),
  signatory: z
    .object({ competence: text.optional(), position: text.optional(), fullName: text })
    .optional(),
  responseFor: z
    .object({
      documentId: text,
      organId: text,
      code: text.optional(),
      date: text.optional(),
    })
    .optional(),
  actor: text.optional(),
  traceId: text
    .regex(/^(?!0{32})[0-9a-f]{32}$/, 'is not a trace id of 32 lower hexadecimal digits')
    .optional(),
});

const paperRequest = z.object({
  idempotencyKey: text.optional(),
  recipients: texts,
  abstract: text,
  documentType: text,
  notation: text.optional(),
  note: text.optional(),
  actor: text.optional(),
});

const openOptions = z.object({
  home: text.min(1),
  passphrase: z
    .object({
      node: callback.optional(),
      seal: callback.optional(),
      encryption: callback.optional(),
    })
    .optional(),
  mode: z.enum(['run', 'desk']).optional(),
  copy: z.enum(['restored', 'moved']).optional(),
});

const limit = z.int().min(0);
const inboxFilter = z.object({
  state: z.enum(['open', 'accepted', 'refused', 'completed', 'all']).optional(),
  limit: limit.optional(),
  after: text.optional(),
});

/** @throws AgentError `AGENT_REQUEST_INVALID`, as all checks here. */
export function requireSendShape(request: SendRequest): void {
  requireShape(sendRequest, request, 'request');
}

export function requirePaperShape(request: PaperRequest): void {
  requireShape(paperRequest, request, 'request');
}

export function requireOpenShape(options: OpenAgentOptions): void {
  requireShape(openOptions, options, 'options');
}

export function requireInboxFilter(filter: InboxFilter): void {
  requireShape(inboxFilter, filter, 'filter');
}

export function requireLimit(count: number): void {
  requireShape(limit, count, 'limit');
}

/** What a function drew as the document. */
export function requireDrawn(pdf: Uint8Array): Uint8Array {
  requireShape(bytes, pdf, 'document.pdf');
  return pdf;
}

export function requireId(id: string): string {
  requireShape(text, id, 'id');
  return id;
}

/** @param whole - what the value is called where all of it is wrong. */
function requireShape(schema: z.ZodType, value: unknown, whole: string): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join('.') || whole;
  throw invalid(field, `${field}: ${issue?.message ?? 'bad'}`);
}
