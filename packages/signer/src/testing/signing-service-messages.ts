import type { ServiceRequest, ServiceResponse } from '../http/server.ts';

/** Members of a request, unchecked. */
export type Parameters = Readonly<Record<string, unknown>>;

/** An error answer of the API (1.0.4 §10.1). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly error: string;

  constructor(error: string, description: string, status = 400) {
    super(description);
    this.error = error;
    this.status = status;
  }
}

/** @throws {@link Refusal} */
export function readParameters({ body }: ServiceRequest): Parameters {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (isRecord(value)) return value;
  } catch {
    // Refused below.
  }
  throw new Refusal('invalid_request', 'The request is not a JSON object');
}

/** True for JSON objects. */
export function isRecord(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that must be there. */
export function text(parameters: Parameters, name: string): string {
  const value = parameters[name];
  if (typeof value === 'string') return value;
  throw new Refusal('invalid_request', `Missing (or invalid type) string parameter ${name}`);
}

/** A list of texts; empty when it is missing. */
export function texts(parameters: Parameters, name: string): string[] {
  const value = parameters[name];
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((item): item is string => typeof item === 'string');
}

/** An answer. */
export function json(value: object, status = 200): ServiceResponse {
  return { status, mediaType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}
