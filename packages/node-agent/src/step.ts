/**
 * Points of an agent's work, told to `onStep` right after what they name has happened.
 *
 * A step whose name ends in `committed` or `stored` is on disk when it is told. Department systems
 * use them for progress, the tests to kill the process at each of them.
 */
export const AGENT_STEPS = [
  'register.committed', // a number is reserved
  'document.signed', // the seal is on the PDF; nothing stored yet
  'outbox.committed', // issued: package, deliveries and report are kept
  'records.committed', // the node key's signatures are kept
  'messages.published', // the broker has acknowledged
  'outbox.settled.committed', // acknowledgements are kept
  'inbox.checked', // a batch is verified; nothing stored yet
  'inbox.committed', // documents, receipts, quarantine are kept
  'inbox.acknowledged', // the broker may forget the batch
  'answer.committed', // accepted, refused or completed by clerk or application
] as const;

export type AgentStep = (typeof AGENT_STEPS)[number];
