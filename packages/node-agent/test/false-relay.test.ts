import { randomUUID } from 'node:crypto';

import {
  type RelayConnection,
  encodeMessage,
  encodePayload,
  messageSubject,
  signRecord,
} from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { signCms } from '@congvan/signer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Agent } from '../src/index.ts';
import { takeOverBroker } from './support/broker.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;

describe('a relay that was taken over', () => {
  let town: Town;
  let commune: Office;
  let district: Office;
  let sender: Agent;
  let recipient: Agent;
  let broker: RelayConnection;

  beforeEach(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    broker = await takeOverBroker(town);
    [sender, recipient] = await Promise.all([commune.open(), district.open()]);
    await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
    await waitUntil(() => recipient.status().directoryEntries >= 3, WAIT_MS);
  });

  afterEach(async () => {
    await broker.close();
    await sender.close();
    await recipient.close();
    await town[Symbol.asyncDispose]();
  });

  /** The relay's own key signs that it has so many reports of the commune, and gives these back. */
  async function claim(upTo: number, body: Uint8Array = new Uint8Array()): Promise<void> {
    const { code, node } = town.relay;
    const at = new Date().toISOString();
    const said = { from: code, to: commune.code, upTo, hash: 'a'.repeat(64), missing: [], at };
    const frame = await signRecord('watermark', encodePayload('watermark', said), async (content) =>
      signCms({ content }, node, { certificates: 'none' }),
    );
    await broker.publishMessage(toCommune(), encodeMessage(frame, body), {
      messageId: randomUUID(),
    });
  }

  const toCommune = (): string =>
    messageSubject({
      tier: 'commune',
      lane: 'normal',
      kind: 'receipt',
      scope: 'cross',
      toSite: 'H09',
      to: commune.code,
      fromSite: 'TW',
      from: town.relay.code,
    });

  const send = async (key: string): Promise<void> => {
    await sender.send({
      idempotencyKey: key,
      to: [district.code],
      document: { name: 'van-ban.pdf', pdf: await makePdf(key) },
      abstract: `Van ban ${key}`,
      documentType: 'Công văn',
    });
  };

  it('cannot stop an agency from numbering with a claim that it does not prove', async () => {
    await send('first');
    await claim(1_000_000);
    // Bytes that are no report at all prove nothing either, and do not come back for ever.
    await claim(2_000_000, Buffer.from('no report'));
    // What comes behind them in the same lane shows that they were read.
    await broker.publishMessage(toCommune(), Buffer.from('junk'), { messageId: randomUUID() });
    await waitUntil(() => sender.listQuarantine().length === 1, WAIT_MS);
    await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
    await send('second');
    await waitUntil(() => recipient.listInbox().length === 2, WAIT_MS);
    expect(sender.status().conditions.map(({ code }) => code)).not.toContain('RESTORED');
  });
});
