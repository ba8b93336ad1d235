import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

/** Root, issuing authorities and their deltas of a site, and those of every other site of a country. */
export const MAX_CRLS = 256;
/** Some 400,000 revoked certificates. */
export const MAX_CRL_BYTES = 16 * 1024 * 1024;
/** What fits one message with room for its headers; a longer list is fetched by HTTP. */
const MAX_ANSWER_BYTES = 1_000_000;
const MAX_QUESTION_BYTES = 24 * 1024;
const SHA256 = /^[0-9a-f]{64}$/u;

/**
 * What a site answers to agencies that say which lists they have: one that they have not, compressed;
 * nothing when they have all. So each answer is one message, however many lists there are.
 *
 * A list is compressed once, not for each of the agencies that all ask when it is new; what is kept
 * goes with the list: at most {@link MAX_CRLS} answers of one message each.
 */
export class RevocationListAnswers {
  readonly #compress: (list: Uint8Array) => Uint8Array;
  readonly #digests = new WeakMap<Uint8Array, string>();
  /** By the digest of the list; `undefined` for one that no message holds. */
  #packed = new Map<string, Uint8Array | undefined>();

  constructor(compress: (list: Uint8Array) => Uint8Array = (list) => deflateRawSync(list)) {
    this.#compress = compress;
  }

  /** @param lists - as they stand now; those of before are forgotten. */
  answer(question: Uint8Array, lists: readonly Uint8Array[]): Uint8Array {
    const known = readKnown(question);
    if (known === undefined) return new Uint8Array();
    const offered = lists
      .slice(0, MAX_CRLS)
      .filter((list) => list.length <= MAX_CRL_BYTES)
      .map((list) => ({ list, sha256: this.#digestOf(list) }));
    const current = new Set(offered.map(({ sha256 }) => sha256));
    this.#packed = new Map([...this.#packed].filter(([sha256]) => current.has(sha256)));
    for (const { list, sha256 } of offered) {
      if (known.has(sha256)) continue;
      const packed = this.#pack(list, sha256);
      if (packed !== undefined) return packed;
    }
    return new Uint8Array();
  }

  #digestOf(list: Uint8Array): string {
    const digest = this.#digests.get(list) ?? createHash('sha256').update(list).digest('hex');
    this.#digests.set(list, digest);
    return digest;
  }

  #pack(list: Uint8Array, sha256: string): Uint8Array | undefined {
    if (this.#packed.has(sha256)) return this.#packed.get(sha256);
    const packed = this.#compress(list);
    const fits = packed.length <= MAX_ANSWER_BYTES ? packed : undefined;
    this.#packed.set(sha256, fits);
    return fits;
  }
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
