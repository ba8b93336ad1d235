import { hash } from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { HashName } from '../x509/algorithm.ts';

/**
 * What a detached signature is about: the bytes, their SHA-256, or a function that digests them
 * with the hash that is asked for (for content that does not lie in one piece).
 */
export type DetachedContent =
  | { readonly content: Uint8Array }
  | { readonly sha256: Uint8Array }
  | { readonly digest: (hash: HashName) => Uint8Array };

/** What a message is checked against: content that is given, or the content it carries itself. */
export type CmsContent = DetachedContent | { readonly attached: true };

/** Digest of the content; `undefined` when only a digest of another hash is known. */
export function digestContent(input: DetachedContent, name: HashName): Uint8Array | undefined {
  if ('content' in input) return hash(name, input.content, 'buffer');
  if ('digest' in input) return input.digest(name);
  if (input.sha256.length !== 32) {
    throw new SignerError('SIGNER_INPUT_INVALID', `SHA-256 of ${input.sha256.length} bytes`);
  }
  return name === 'sha256' ? input.sha256 : undefined;
}
