import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;
const MINUTE_MS = 60_000;
const minutesLater = (minutes: number) => (): Date => new Date(Date.now() + minutes * MINUTE_MS);

describe('what a stream lost on its way to another site', () => {
  let town: Town;
  let commune: Office;
  let ministry: Office;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    // Both know each other before anything is lost.
    await using sender = await commune.open();
    await using recipient = await ministry.open();
    await waitUntil(() => knowsAll(sender) && knowsAll(recipient), WAIT_MS);
  });

  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  const knowsAll = (agent: Agent): boolean => agent.status().directoryEntries >= 3;
  const openRows = (agent: Agent, purpose: 'document' | 'receipt'): number =>
    agent.listOutbox().filter((row) => row.purpose === purpose && row.state === 'waiting').length;
  const send = async (sender: Agent): Promise<string> => {
    const { documentId } = await sender.send({
      to: [ministry.code],
      document: { name: 'cong-van.pdf', pdf: await makePdf('Cong van') },
      abstract: 'Về việc đi qua nhiều luồng',
      documentType: 'Công văn',
    });
    await waitUntil(() => openRows(sender, 'document') === 0, WAIT_MS);
    return documentId;
  };

  it('is sent again after minutes while the broker still drops repeats: the document', async () => {
    {
      await using sender = await commune.open();
      await send(sender);
    }
    await town.bus.emptyStream('IN_TW');
    await using _sender = await commune.open({ now: minutesLater(4) });
    await using recipient = await ministry.open();
    await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
  });

  it('is sent again after minutes while the broker still drops repeats: the receipt', async () => {
    let documentId = '';
    {
      await using sender = await commune.open();
      documentId = await send(sender);
    }
    {
      await using recipient = await ministry.open();
      await waitUntil(() => recipient.listInbox().length === 2, WAIT_MS);
      await waitUntil(() => openRows(recipient, 'receipt') === 0, WAIT_MS);
    }
    await town.bus.emptyStream('IN_H09');
    await using _recipient = await ministry.open({ now: minutesLater(4) });
    // As it stands now, nothing is due at the sender.
    await using sender = await commune.open();
    await waitUntil(() => sender.track(documentId).deliveries[0]?.status === '01', WAIT_MS);
    expect(sender.track(documentId).deliveries).toHaveLength(1);
  });
});
