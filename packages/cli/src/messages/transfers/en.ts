import type { TransferWait } from '@congvan/node-agent';

/** What goes up and comes down apart from its message. English. */
export const transfersEn = {
  direction: '',
  up: 'up',
  down: 'down',
  done: 'done',
  size: 'size',
  rate: 'rate',
  left: 'time left',
  waitsFor: 'waits for',
  none: 'nothing goes up or comes down',
  uploading: 'uploading',
  waiting: 'waiting for the document to leave',
  stopped: 'no longer shown; the agent goes on, `congvan agent transfers` tells how far it is',
  gone: 'the document has left; `congvan track` shows the receipts',
  waits: {
    agent: 'an agent that runs',
    broker: 'the broker',
    turn: 'its turn',
    quota: 'room in the share of this agency at the broker',
    room: 'room at the broker',
    disk: 'room on this disk',
    judgement: 'what is needed to check it, such as a key or a revocation list',
    sender: 'the bytes of the sender',
    file: 'a file that cannot be read here',
    retry: 'its next try',
  } satisfies Record<TransferWait, string>,
};

export type TransferTexts = {
  readonly [Key in keyof typeof transfersEn]: (typeof transfersEn)[Key] extends string
    ? string
    : Record<TransferWait, string>;
};
