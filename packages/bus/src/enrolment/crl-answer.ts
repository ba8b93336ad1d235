import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

/** Lists of a site: root, issuing authorities and their deltas; those of other authorities beside them. */
export const MAX_CRLS = 64;
/** Some 400,000 revoked certificates. */
export const MAX_CRL_BYTES = 16 * 1024 * 1024;
/** What fits one message with room for its headers; a longer list is fetched by HTTP. */
const MAX_ANSWER_BYTES = 1_000_000;
const MAX_QUESTION_BYTES = 8 * 1024;
const SHA256 = /^[0-9a-f]{64}$/u;

/**
 * What a site answers to an agency that says which lists it has: one that it has not, compressed;
 * nothing when it has all. So each answer is one message, however many lists there are.
 */
export function answerRevocationLists(
  question: Uint8Array,
  lists: readonly Uint8Array[],
): Uint8Array {
  const known = readKnown(question);
  if (known === undefined) return new Uint8Array();
  for (const list of lists.slice(0, MAX_CRLS)) {
    if (list.length > MAX_CRL_BYTES) continue;
    if (known.has(createHash('sha256').update(list).digest('hex'))) continue;
    const packed = deflateRawSync(list);
    if (packed.length <= MAX_ANSWER_BYTES) return packed;
  }
  return new Uint8Array();
}

function readKnown(question: Uint8Array): Set<string> | undefined {
  if (question.length > MAX_QUESTION_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(question).toString('utf8'));
    if (!Array.isArray(value) || value.length > MAX_CRLS) return undefined;
    const hashes = value.filter(
      (one): one is string => typeof one === 'string' && SHA256.test(one),
    );
    return new Set(hashes);
  } catch {
    return undefined;
  }
}
