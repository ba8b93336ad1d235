import { createHmac, randomBytes } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { type Viewer, requireViewer } from './session.ts';

/**
 * Names an answer without computing it: by who asks what, and by all that the answer depends on.
 *
 * The key is new with each start, so that nobody can make up the tag of an answer that was never
 * given to them.
 */
export class EntityTags {
  readonly #key = randomBytes(32);
  /** Records, day and directory: what answers are computed from. */
  readonly #state: () => string;

  constructor(state: () => string) {
    this.#state = state;
  }

  tagOf(viewer: Viewer, url: string, state = this.#state()): string {
    const { name, role, scope } = viewer;
    const parts = JSON.stringify([name, role, scope, url, state]);
    const digest = createHmac('sha256', this.#key).update(parts).digest('base64url');
    // Weak: compressed or not, it means the same.
    return `W/"${digest.slice(0, 27)}"`;
  }

  /**
   * Sets the tag.
   *
   * @param state - what the answer depends on, when it is less than everything.
   * @returns true when the caller has this answer already, and 304 says so.
   */
  async answerUnchanged(
    request: FastifyRequest,
    reply: FastifyReply,
    state?: string,
  ): Promise<boolean> {
    const tag = this.tagOf(requireViewer(request), request.url, state);
    void reply.header('etag', tag).header('cache-control', 'private, no-cache');
    if (!matches(request.headers['if-none-match'], tag)) return false;
    await reply.code(304).send();
    return true;
  }
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const bare = tag.replace(/^W\//, '');
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === bare);
}
