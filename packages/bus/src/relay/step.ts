/** The points at which a test stops the relay, in the order of one batch. */
export const RELAY_STEPS = [
  'batch.received',
  'batch.verified',
  'batch.kept', // all is written, and nothing committed
  'batch.committed',
  'batch.acked',
  'watermark.published',
] as const;
export type RelayStep = (typeof RELAY_STEPS)[number];
