import { readFile } from 'node:fs/promises';

import {
  type AgencyCode,
  DEFAULT_CHUNK_BYTES,
  MAX_CHUNK_BYTES,
  MIN_CHUNK_BYTES,
  type Site,
  TIERS,
  isSite,
  parseAgencyCode,
} from '@congvan/bus';
import { z } from 'zod';

import { AgentError } from '../errors.ts';

const agencyCode = z.string().transform((text, context): AgencyCode => {
  try {
    return parseAgencyCode(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'bad' });
    return z.NEVER;
  }
});

/** `line` of an agency on some Mb/s: what is written to the socket stands before an urgent message. */
export const THIN_LINE = { chunkBytes: 32 * 1024, window: 1 } as const;
const DEFAULT_WINDOW = 4;
/** More chunks under way bring nothing but waiting. */
const MAX_WINDOW = 16;
const MIN_RETENTION_DAYS = 40;
const MAX_RETENTION_DAYS = 36_500;

const schema = z.object({
  code: agencyCode,
  name: z.string().min(1).max(500),
  tier: z.enum(TIERS),
  site: z.string().refine((text): text is Site => isSite(text), 'is not a site'),
  servers: z.array(z.string().min(1)).min(1),
  /** The relay whose watermarks count; without one the report chain only waits. */
  relay: agencyCode.optional(),
  /** Ký hiệu of a document that names none, such as `UBND-VP`. */
  notation: z.string().min(1).max(30),
  /** The line to the broker; {@link THIN_LINE} suits one of some Mb/s. */
  line: z
    .object({
      chunkBytes: z.int().min(MIN_CHUNK_BYTES).max(MAX_CHUNK_BYTES).default(DEFAULT_CHUNK_BYTES),
      window: z.int().min(1).max(MAX_WINDOW).default(DEFAULT_WINDOW),
    })
    .prefault({}),
  /**
   * Connect with TLS, and with the certificate of `keys/tls.p12` where there is one. The broker's own
   * certificate must come from an authority of `anchors`, a folder below the home.
   */
  tls: z
    .object({
      anchors: z
        .string()
        .regex(/^[\w-]+(?:\/[\w-]+)*$/u, 'is not a folder below the home')
        .default('trust/anchors'),
    })
    .optional(),
  /** Days after which ended messages and old quarantine go; the streams forget after 30. */
  retention: z
    .object({
      settledDays: z.int().min(MIN_RETENTION_DAYS).max(MAX_RETENTION_DAYS).default(400),
      quarantineDays: z.int().min(MIN_RETENTION_DAYS).max(MAX_RETENTION_DAYS).default(400),
    })
    .prefault({}),
  policy: z.object({ unsigned: z.enum(['accept', 'refuse']) }).default({ unsigned: 'accept' }),
});

/** `agent.json`: what an operator sets for one agency. */
export type AgentConfig = z.output<typeof schema>;
export type AgentConfigInput = z.input<typeof schema>;

/** @throws {@link AgentError} with this code; the message names the wrong field. */
export function parseConfig(
  value: unknown,
  where: string,
  code: 'AGENT_REQUEST_INVALID' | 'AGENT_HOME_INVALID',
): AgentConfig {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  throw new AgentError(code, `${where}: ${field}: ${issue?.message ?? 'bad'}`, {
    details: { field },
  });
}

/** @throws {@link AgentError} `AGENT_HOME_INVALID` when the file is missing, not JSON, or has a wrong field. */
export async function readConfig(file: string): Promise<AgentConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new AgentError('AGENT_HOME_INVALID', `${file} cannot be read as JSON`, {
      cause,
      details: { file },
    });
  }
  return parseConfig(value, file, 'AGENT_HOME_INVALID');
}
