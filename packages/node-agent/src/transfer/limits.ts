const MINUTE = 60_000;

/** Every bound of the transfers, by name. */
export const TRANSFER_LIMITS = {
  /** The site forgets nothing sooner; then what did not come will not come. */
  retentionMs: 30 * 24 * 60 * MINUTE,
  /** Tries at which the site answered and had nothing new, before a content counts as missing. */
  maxEmptyTries: 100,
  /** Errors of a kind that nobody foresaw, before a person looks at it. */
  maxFailedTries: 10,
  /** Whole contents with another digest; the first may have been damaged here. */
  maxWrongContents: 2,
  /** How long one try waits for the next chunk of a blob that is still on its way; less than a turn. */
  patienceMs: 20_000,
  /** How long one content is fetched while those of other senders wait; then it is their turn. */
  turnMs: 30_000,
  /** So much earlier comes the turn of an urgent one. */
  urgentAheadMs: MINUTE,
  firstRetryMs: 1_000,
  maxRetryMs: 30 * MINUTE,
  /** Progress is kept so often; a kill repeats no chunk for it, since the site says what it has. */
  progressEveryMs: 1_000,
  /** Contents up to this size have a lane of their own beside a large one. */
  smallContentBytes: 16 * 1024 * 1024,
  /** Blobs that a repeat of their reference finds checked longer ago than this are looked at again. */
  recheckAfterMs: 60 * MINUTE,
  /** Between two looks for what may be released. */
  releaseEveryMs: 5_000,
  releaseBatch: 100,
  /** An undelivered document can be sent again by a person for so long after it was given up. */
  keepUndeliveredMs: 60 * 24 * 60 * MINUTE,
  /** Left free on the disk beside what a content needs. */
  spareDiskBytes: 64 * 1024 * 1024,
};

export type TransferLimits = typeof TRANSFER_LIMITS;

/** 1 s doubling to 30 min, with jitter so that agencies do not come at once. */
export function transferRetryMs(
  { firstRetryMs, maxRetryMs }: Pick<TransferLimits, 'firstRetryMs' | 'maxRetryMs'>,
  attemptCount: number,
  random: number,
): number {
  const ceiling = Math.min(firstRetryMs * 2 ** Math.min(attemptCount, 20), maxRetryMs);
  return Math.round(ceiling * (0.5 + random / 2));
}
