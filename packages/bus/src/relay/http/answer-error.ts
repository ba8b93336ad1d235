import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

import { BusError, type BusErrorCode } from '../../errors.ts';
import { PROBLEMS, Problem, type ProblemCode } from './problem.ts';

/** What the figures say of a request: the caller's fault, in words that name the parameter. */
const REQUEST_FAULTS: ReadonlySet<BusErrorCode> = new Set([
  'BUS_RELAY_REQUEST_INVALID',
  'BUS_AGENCY_CODE_INVALID',
]);
const NOT_FOUND: ReadonlySet<string> = new Set([
  'BUS_PUBLICATION_NOT_FOUND',
  'BUS_EVIDENCE_NOT_FOUND',
]);
/** Of fastify, Node and plugins. */
const OTHERS: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_MAX_PARAM_LENGTH: 'address-too-long',
};
const MAX_DETAIL = 300;

/** The problem behind whatever was thrown; `undefined`: a fault of our own, nobody else's business. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return parameterProblem(error);
  if (error instanceof BusError && REQUEST_FAULTS.has(error.code)) {
    const { field } = error.details;
    const named = typeof field === 'string' ? { parameter: field } : {};
    return new Problem('parameter-invalid', error.message.slice(0, MAX_DETAIL), named);
  }
  if (error instanceof BusError && error.code === 'BUS_FIGURES_BEING_BUILT') {
    return new Problem('not-available', error.message);
  }
  if (error instanceof BusError && NOT_FOUND.has(error.code)) {
    return new Problem('not-found', 'there is nothing here, or nothing that you may see');
  }
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const code = 'code' in error ? OTHERS[String(error.code)] : undefined;
  if (code !== undefined) return new Problem(code, PROBLEMS[code].title);
  const status = Number(error.statusCode);
  if (status === 429) return new Problem('too-many-requests', 'wait a moment');
  if (status >= 400 && status < 500) return new Problem('request-malformed', 'it cannot be read');
  return undefined;
}

function parameterProblem(
  error: FastifyError & {
    readonly validation: readonly { instancePath: string; message?: string }[];
  },
): Problem {
  const [first] = error.validation;
  const unknown = /"([^"]{1,60})"/.exec(first?.message ?? '')?.[1];
  const path = (first?.instancePath ?? '').replace(/^\//, '').replaceAll('/', '.');
  const parameter = path === '' ? unknown : path;
  const why = (first?.message ?? 'is wrong').slice(0, MAX_DETAIL);
  if (parameter === undefined) return new Problem('parameter-invalid', why);
  return new Problem('parameter-invalid', `${parameter}: ${why}`, { parameter });
}

/** Answers with a problem (RFC 9457). */
export async function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
): Promise<void> {
  const { code, status, message: detail, parameter, retryAfterS } = problem;
  if (status === 401 && request.url.startsWith('/api/')) {
    void reply.header('www-authenticate', 'Bearer realm="congvan"');
  }
  if (retryAfterS !== undefined) void reply.header('retry-after', retryAfterS);
  await reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: `urn:congvan:problem:${code}`,
        title: PROBLEMS[code].title,
        status,
        code,
        detail,
        ...(parameter === undefined ? {} : { parameter }),
      }),
    );
}
