/**
 * Points of an agent's work, told to `onStep` right after what they name has happened.
 *
 * A step whose name ends in `committed` or `stored` is on disk when it is told. Department systems
 * use them for progress, the tests to kill the process at each of them.
 */
export const AGENT_STEPS = [
  'register.committed', // a number is reserved
  'document.signed', // the seal is on the PDF; nothing stored yet
  'package.sealed', // for all recipients, its record signed; nothing stored yet
  'outbox.committed', // issued: package, deliveries and report are kept
  'upload.begun.committed', // the first chunk of a blob is at the broker
  'upload.committed', // a blob is at the broker as a whole
  'records.committed', // the node key's signatures are kept
  'messages.published', // the broker has acknowledged
  'outbox.settled.committed', // acknowledgements are kept
  'inbox.checked', // a batch is verified; nothing stored yet
  'inbox.committed', // documents, receipts, quarantine are kept
  'inbox.acknowledged', // the broker may forget the batch
  'download.begun.committed', // the first chunk of what a delivery names is here
  'download.checked', // the content is here, opened and checked; nothing stored yet
  'download.committed', // stored, suppressed or quarantined; its receipt is kept
  'answer.committed', // accepted, refused or completed by clerk or application
] as const;

export type AgentStep = (typeof AGENT_STEPS)[number];
