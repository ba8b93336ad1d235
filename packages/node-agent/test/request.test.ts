import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent, PaperRequest, SendRequest } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;
/** Vietnamese letters take up to three bytes each. */
const note = { name: 'ghi.txt', mediaType: 'text/plain' };
const LONG_NAME = 'Ủy ban nhân dân xã Thượng Ấm, huyện Sơn Dương '.repeat(10).trim();

describe('a wrong request is refused before it takes a number', () => {
  let town: Town;
  let commune: Office;
  let ministry: Office;
  let desk: Agent;
  const closesAt = new Date(Date.now() + 60 * 60_000);

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    const closing = { code: 'H09.13', tier: 'district', site: 'H09' } as const;
    await town.addOffice({ ...closing, validTo: closesAt.toISOString() });
    const running = await commune.open();
    await waitUntil(() => running.status().directoryEntries >= 4, WAIT_MS);
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

  const report = async (over: Partial<SendRequest> = {}): Promise<SendRequest> => ({
    to: [ministry.code],
    document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
    abstract: 'Về việc báo cáo',
    documentType: 'Báo cáo',
    ...over,
  });

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
    const request = await report(over);
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

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['one recipient that is no list', { to: 'G09' }, 'to'],
    ['a recipient that is none', { to: [undefined] }, 'to.0'],
    ['no document', { document: undefined }, 'document'],
    ['a path as document', { document: { name: 'a.pdf', pdf: 'a.pdf' } }, 'document.pdf'],
    ['a file not awaited', { document: { name: 'a', pdf: Promise.resolve() } }, 'document.pdf'],
    ['no abstract', { abstract: undefined }, 'abstract'],
    ['a name as signatory', { signatory: 'Trần Thị Hoa' }, 'signatory'],
    ['text as bytes', { attachments: [{ ...note, bytes: 'ghi' }] }, 'attachments.0.bytes'],
    ['no content', { attachments: [note] }, 'attachments.0'],
    ['two', { attachments: [{ ...note, bytes: Buffer.from('ghi'), path: '/x' }] }, 'attachments.0'],
    ['an unknown trace', { traceId: 'xyz' }, 'traceId'],
  ])('send, against its types: %s', async (_, over, field) => {
    const before = desk.listRegister().length;
    const request = { ...(await report()), ...over };
    await expect(desk.send(request)).rejects.toMatchObject({
      code: 'AGENT_REQUEST_INVALID',
      details: { field },
    });
    expect(desk.listRegister()).toHaveLength(before);
  });

  it('names the wrong option and argument', async () => {
    const untyped = (value: object): Readonly<Record<string, never>> => ({ ...value });
    const named = (field: string) => ({ code: 'AGENT_REQUEST_INVALID', details: { field } });
    const opened = commune.open(untyped({ mode: 'Desk' }));
    await expect(opened).rejects.toMatchObject(named('mode'));
    const passphrase = { node: 'mật khẩu' };
    await expect(commune.open(untyped({ passphrase }))).rejects.toMatchObject(
      named('passphrase.node'),
    );
    expect(() => desk.listInbox({ limit: -1 })).toThrow(expect.objectContaining(named('limit')));
    expect(() => desk.listOutbox({ limit: 0.5 })).toThrow(expect.objectContaining(named('limit')));
  });

  it('answers a repeat with what it has sent, also when the recipient has closed since', async () => {
    const request = await report({ idempotencyKey: 'trước khi đóng', to: ['H09.13'] });
    const sent = await desk.send(request);
    const later = await commune.open({
      mode: 'desk',
      passphrase: {},
      now: () => new Date(closesAt.getTime() + 1_000),
    });
    try {
      const { documentId } = sent;
      expect(await later.send(request)).toMatchObject({ documentId, resumed: true });
      const other = { ...request, abstract: 'Việc khác' };
      await expect(later.send(other)).rejects.toMatchObject({ code: 'AGENT_KEY_REUSED' });
      const first = { ...request, idempotencyKey: 'sau khi đóng' };
      await expect(later.send(first)).rejects.toMatchObject({ code: 'AGENT_RECIPIENT_CLOSED' });
    } finally {
      await later.close();
    }
  });

  it('tells requests under one key apart by signatory and answered document too', async () => {
    const request = await report({ idempotencyKey: 'một khóa' });
    await desk.send(request);
    await expect(
      desk.send({ ...request, signatory: { fullName: 'Trần Thị Hoa' } }),
    ).rejects.toMatchObject({ code: 'AGENT_KEY_REUSED' });
  });
});
