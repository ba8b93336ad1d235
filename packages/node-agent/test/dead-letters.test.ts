import { type Relay, openRelay } from '@congvan/bus/relay';
import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent } from '../src/index.ts';
import { PASSPHRASE } from './support/passphrase.ts';
import { makeRelayHome } from './support/relay.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;
const MONTH_MS = 31 * 24 * 3_600_000;
const REASON = 'gửi nhầm nơi nhận';

/** A district whose agent does not run until the last test. */
describe('a delivery that does not come about', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  let relay: Relay;
  let sender: Agent;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    const home = await makeRelayHome(town, commune);
    relay = await openRelay({ home, passphrase: async () => PASSPHRASE });
    sender = await commune.open();
    await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
  });
  afterAll(async () => {
    await sender.close();
    await relay.close();
    await town[Symbol.asyncDispose]();
  });

  async function send(): Promise<{ documentId: string; id: string }> {
    const sent = await sender.send({
      to: [district.code],
      document: { name: 'van-ban.pdf', pdf: await makePdf('x') },
      abstract: 'V/v báo cáo',
      documentType: 'Công văn',
    });
    const id = sent.deliveries[0]?.id ?? '';
    await waitUntil(() => stateOf(sent.documentId)?.state === 'published', WAIT_MS);
    return { documentId: sent.documentId, id };
  }
  const stateOf = (documentId: string) => sender.track(documentId).deliveries[0]?.sending;
  const atRelay = (documentId: string) => relay.track(documentId)[0]?.deliveries[0];
  const figures = () => {
    const year = new Date().getUTCFullYear();
    const { E, undelivered } = relay.figures({ period: `${year}`, tier: 'commune' }).figures;
    return { E, undelivered };
  };

  it('is given up with a reason that sender, relay and share show, until it is tried again', async () => {
    const { documentId, id } = await send();
    await waitUntil(() => relay.counts().dispatches === 1, WAIT_MS);
    await sender.giveUpMessage(id.slice(0, 10), REASON);
    expect(stateOf(documentId)).toMatchObject({
      state: 'settled',
      outcome: 'given-up',
      note: REASON,
    });
    await waitUntil(() => atRelay(documentId)?.withdrawn?.cause === 'given-up', WAIT_MS);
    expect(atRelay(documentId)?.withdrawn).toMatchObject({ reason: REASON });
    expect(figures()).toEqual({ E: 0, undelivered: 1 });
    await expect(sender.giveUpMessage(id, REASON)).rejects.toMatchObject({
      code: 'AGENT_STATE_CONFLICT',
    });
    await sender.retryMessage(id);
    expect(stateOf(documentId)?.note).toBeNull();
    await using recipient = await district.open();
    await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
    await waitUntil(() => figures().E === 1, WAIT_MS);
    expect(figures()).toEqual({ E: 1, undelivered: 0 });
  });

  it('that nobody has answered for a month is reported too', async () => {
    const { documentId } = await send();
    await sender.close();
    sender = await commune.open({ now: () => new Date(Date.now() + MONTH_MS) });
    await waitUntil(() => stateOf(documentId)?.state === 'undelivered', WAIT_MS);
    await waitUntil(() => atRelay(documentId)?.withdrawn?.cause === 'unanswered', WAIT_MS);
  });
});
