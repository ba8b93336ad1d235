const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/**
 * Every bound of what an agent sends, keeps and repeats, by name. `docs/reference/limits.md` lists
 * them; a test compares.
 */
export const AGENT_LIMITS = {
  /** Rows read and published together, per lane: the references of a document to a province. */
  outboxBatchRows: 256,
  /** Of their packages, as far as those travel inside the message; one that is larger goes alone. */
  outboxBatchBytes: 2 * 1024 * 1024,
  /** Bytes of the normal lane between socket and acknowledgement on an ordinary line. */
  outboxInFlightBytes: 4 * 1024 * 1024,
  /** The same on a thin line (`line.window` 1): 65 KB are 130 ms at 4 Mb/s. */
  outboxInFlightBytesThin: 64 * 1024,
  publishTimeoutMs: 10 * SECOND,
  firstRetryMs: SECOND,
  maxRetryMs: 5 * MINUTE,
  /** No row waits longer for its next try. */
  maxRepeatMs: DAY,
  /** Then a document or receipt is a dead letter. */
  undeliveredAfterMs: 30 * DAY,
  /** Refusals of one row that say "never" (rights, size, subject) before it is a dead letter. */
  maxRefusals: 12,
  /** Failures in a row before publishing to one destination pauses. */
  breakerFailures: 5,
  breakerFirstPauseMs: SECOND,
  breakerMaxPauseMs: 5 * MINUTE,
  /** After a lost connection the normal lane starts within this time, at random. */
  reconnectSpreadMs: 500,
  /** How long a write waits for another process before it fails. */
  lockPatienceMs: 10 * SECOND,
  /** Between two tries of a loop that cannot store. */
  maxStorageRetryMs: 30 * SECOND,
  /** Free disk without which nothing new is numbered. */
  minFreeBytes: 8 * 1024 * 1024,
  /** Bad messages of one sender kept and answered one by one in a day. */
  maxQuarantinedPerSenderDay: 200,
  maxQuarantineBytes: 1024 * 1024 * 1024,
  /** Messages that cannot be judged yet, kept here: of one sender, in all, and their bytes. */
  maxHeldPerSender: 1_000,
  maxHeldMessages: 20_000,
  maxHeldBytes: 1024 * 1024 * 1024,
  firstHeldRetryMs: 5 * SECOND,
  maxHeldRetryMs: 10 * MINUTE,
  /** What could not be stored, judged or kept comes again from the broker after this time. */
  leftWithBrokerMs: 5 * SECOND,
  /** As long as the streams keep a message. Then it is put into quarantine. */
  heldEndsAfterMs: 30 * DAY,
  presenceEveryMs: MINUTE,
  maxClockOffsetMs: 5 * MINUTE,
} as const;
