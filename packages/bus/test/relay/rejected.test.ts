import { expect, it } from 'vitest';

import {
  MAX_REJECTED_MESSAGES_KEPT,
  RejectedStore,
} from '../../src/relay/storage/rejected-store.ts';
import { RelayDatabase } from './relay-database.ts';

const LISTED = 500;

it('messages that are refused fill the disk no further than a limit, and the newest are listed', () => {
  using town = new RelayDatabase();
  const store = new RejectedStore(town.db, LISTED);
  const refuse = (number: number, claimedFrom: string): void => {
    const data = Buffer.from(`${claimedFrom} ${number}`);
    const message = { subject: 'vb.report', data, storedAt: new Date(number), site: 'H09' };
    store.add(message, { claimedFrom, finding: 'SIGNATURE_BROKEN', detail: 'x' }, number);
  };
  town.db.transaction(() => {
    refuse(0, 'H10');
    for (let number = 1; number <= 5_000; number += 1) refuse(number, 'H09');
  })();
  const { rejected } = town.queries.counts();

  expect(rejected).toBeLessThanOrEqual(1 + MAX_REJECTED_MESSAGES_KEPT + LISTED + 1_000);
  expect(town.queries.listRejected({ limit: 1 })).toMatchObject([{ storedAt: new Date(5_000) }]);
  const heldOf = (code: string) => store.held(code, ['SIGNATURE_BROKEN'], 0, 10_000);
  expect(heldOf('H10')).toHaveLength(1);
  expect(heldOf('H09')).toHaveLength(MAX_REJECTED_MESSAGES_KEPT);
});
