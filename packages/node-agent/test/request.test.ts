import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent, PaperRequest, SendRequest } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;
/** Vietnamese letters take up to three bytes each. */
const LONG_NAME = 'Ủy ban nhân dân xã Thượng Ấm, huyện Sơn Dương '.repeat(10).trim();

describe('a wrong request is refused before it takes a number', () => {
  let town: Town;
  let commune: Office;
  let ministry: Office;
  let desk: Agent;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    const running = await commune.open();
    await waitUntil(() => running.status().directoryEntries >= 3, WAIT_MS);
    await running.close();
    desk = await commune.open({ mode: 'desk' });
  });

  afterAll(async () => {
    await desk.close();
    await town[Symbol.asyncDispose]();
  });

  const paperTo = (count: number, name: string): NonNullable<SendRequest['paperTo']> =>
    Array.from({ length: count }, (_, index) => ({
      name: `${index} ${name}`,
      reason: 'not-connected' as const,
    }));

  it.each<[string, Partial<SendRequest>, string]>([
    ['more paper recipients than a report names', { paperTo: paperTo(1_000, 'hộ') }, 'paperTo'],
    ['names that no report can hold', { paperTo: paperTo(200, LONG_NAME) }, 'paperTo'],
    [
      'an answered document without its agency',
      { responseFor: { documentId: 'x', organId: '' } },
      'responseFor.organId',
    ],
    [
      'an answered document with a control character',
      { responseFor: { documentId: 'a\u0007', organId: 'G09' } },
      'responseFor.documentId',
    ],
    ['half a letter in a name', { signatory: { fullName: 'Lan \ud800' } }, 'signatory.fullName'],
    ['an empty idempotency key', { idempotencyKey: '' }, 'idempotencyKey'],
  ])('send: %s', async (_, over, field) => {
    const before = desk.listRegister().length;
    const request = {
      to: [ministry.code],
      document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo',
      documentType: 'Báo cáo',
      ...over,
    };
    await expect(desk.send(request)).rejects.toMatchObject({
      code: 'AGENT_REQUEST_INVALID',
      details: { field },
    });
    expect(desk.listRegister()).toHaveLength(before);
  });

  it.each<[string, Partial<PaperRequest>, string]>([
    [
      'names that no report can hold',
      { recipients: paperTo(200, LONG_NAME).map(({ name }) => name) },
      'recipients',
    ],
    ['a control character in the note', { note: 'gấp\u0000' }, 'note'],
  ])('register paper: %s', async (_, over, field) => {
    const before = desk.listRegister().length;
    const request = {
      recipients: ['Hộ ông Bình'],
      abstract: 'Giấy mời',
      documentType: 'Giấy mời',
      reason: 'not-connected' as const,
      ...over,
    };
    await expect(desk.registerPaper(request)).rejects.toMatchObject({
      code: 'AGENT_REQUEST_INVALID',
      details: { field },
    });
    expect(desk.listRegister()).toHaveLength(before);
  });

  it('tells requests under one key apart by signatory and answered document too', async () => {
    const request: SendRequest = {
      idempotencyKey: 'một khóa',
      to: [ministry.code],
      document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo',
      documentType: 'Báo cáo',
    };
    await desk.send(request);
    await expect(
      desk.send({ ...request, signatory: { fullName: 'Trần Thị Hoa' } }),
    ).rejects.toMatchObject({ code: 'AGENT_KEY_REUSED' });
  });
});
