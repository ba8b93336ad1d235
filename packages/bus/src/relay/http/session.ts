import type { FastifyRequest } from 'fastify';

import type { AgencyCode } from '../../agency/code.ts';
import { Problem } from './problem.ts';

/**
 * `auditor` sees figures, documents and evidence in its scope; `operator` the same, and the relay's
 * own health and metrics; `agency` itself alone, as sender and as recipient.
 */
export const ROLES = ['auditor', 'operator', 'agency'] as const;
export type Role = (typeof ROLES)[number];

export const LANGUAGES = ['vi', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Who asks: an account of this relay, or a person that the identity provider has vouched for. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
  /** Only this agency and those below it; `null`: all. An `agency` viewer always has one. */
  readonly scope: AgencyCode | null;
  readonly language: Language;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler runs; `null` for somebody who is not logged in. */
    viewer: Viewer | null;
  }
}

/**
 * Who asks.
 *
 * @throws {@link Problem} `not-logged-in`.
 */
export function requireViewer(request: FastifyRequest): Viewer {
  if (request.viewer !== null) return request.viewer;
  throw new Problem('not-logged-in', 'log in, or send a bearer token');
}
