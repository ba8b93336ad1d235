/**
 * An answer that says what is wrong (RFC 9457). It is thrown inside the HTTP side and ends there as
 * `application/problem+json`, or as a page; it never leaves the package.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  /** Stable, for programs: `not-found`, `parameter-invalid` … */
  readonly code: ProblemCode;
  /** The query or path parameter at fault. */
  readonly parameter: string | undefined;
  /** When to come again, in whole seconds (RFC 9110 §10.2.3). */
  readonly retryAfterS: number | undefined;

  constructor(code: ProblemCode, detail: string, about: ProblemDetails = {}) {
    super(detail);
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.parameter = about.parameter;
    this.retryAfterS = about.retryAfterS;
  }
}

type ProblemDetails = { readonly parameter?: string; readonly retryAfterS?: number };

/** Every problem the API answers with; `docs/reference/http-api.md` lists them, a test compares. */
export const PROBLEMS = {
  'parameter-invalid': { status: 400, title: 'A parameter is wrong' },
  'request-malformed': { status: 400, title: 'The request cannot be read' },
  'not-logged-in': { status: 401, title: 'Log in first' },
  'log-in-failed': { status: 401, title: 'Name or password is wrong' },
  'cross-site': { status: 403, title: 'The request came from another site' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'address-too-long': { status: 414, title: 'The address is too long' },
  'media-type-unsupported': { status: 415, title: 'The body has another type than wanted' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'The server failed' },
  'not-available': { status: 503, title: 'Not available now' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** Whether there is something that this viewer may not see, or nothing at all: the same answer. */
export function notFound(): Problem {
  return new Problem('not-found', 'there is nothing here, or nothing that you may see');
}
