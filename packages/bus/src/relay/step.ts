/** The points at which a test stops the relay, in the order of one batch. */
export const BATCH_STEPS = [
  'batch.received',
  'batch.verified',
  'batch.kept', // all is written, and nothing committed
  'batch.committed',
  'batch.acked',
  'watermark.published',
] as const;

/** Those of a new day, and of a month whose figures are published. */
export const DAY_STEPS = [
  'day.kept', // a part of the day is written, and not committed
  'day.committed',
  'month.kept', // all lines are written, and not committed
  'month.committed',
  'month.signed', // the signature is made, and not kept
  'month.published',
] as const;

/** Those of adding all figures up anew. */
export const BUILD_STEPS = [
  'build.kept', // a part is added up, and not committed
  'build.committed',
] as const;

const RELAY_STEPS = [...BATCH_STEPS, ...DAY_STEPS, ...BUILD_STEPS] as const;
export type RelayStep = (typeof RELAY_STEPS)[number];

/** Told of each step as it is reached. */
export type OnStep = (step: RelayStep) => void;

/** Nobody wants to know. */
export const NO_STEPS: OnStep = () => undefined;
