import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SendRequest } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;

describe('a call that ends before its work does', () => {
  let town: Town;
  let commune: Office;
  let request: SendRequest;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    const ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    const running = await commune.open();
    await waitUntil(() => running.status().directoryEntries >= 3, WAIT_MS);
    await running.close();
    request = {
      to: [ministry.code],
      document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo',
      documentType: 'Báo cáo',
    };
  });

  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('sends nothing for who has given the call up before, and takes no number', async () => {
    await using desk = await commune.open({ mode: 'desk' });
    const before = desk.listRegister().length;
    const signal = AbortSignal.abort(new Error('the clerk closed the form'));

    await expect(desk.send(request, { signal })).rejects.toThrow('the clerk closed the form');

    expect(desk.listRegister()).toHaveLength(before);
  });

  it('sends nothing for who gives the call up while the document is drawn or signed', async () => {
    await using desk = await commune.open({ mode: 'desk' });
    const given = new AbortController();
    const { pdf } = request.document;
    const draw = async (): Promise<Uint8Array> => {
      given.abort(new Error('the clerk closed the form'));
      return pdf instanceof Uint8Array ? pdf : new Uint8Array();
    };

    const sent = desk.send(
      { ...request, document: { name: 'a.pdf', pdf: draw } },
      { signal: given.signal },
    );

    await expect(sent).rejects.toThrow('the clerk closed the form');
    expect(desk.listRegister().at(-1)).toMatchObject({
      state: 'void',
      voidReason: 'not issued: the clerk closed the form',
    });
  });

  it('closing ends a send whose drawing never ends, and the number is void', async () => {
    const desk = await commune.open({ mode: 'desk' });
    const drawing = Promise.withResolvers<void>();
    const sent = desk.send({
      ...request,
      document: {
        name: 'a.pdf',
        pdf: () => {
          drawing.resolve();
          return new Promise(() => undefined);
        },
      },
    });
    const settled = Promise.allSettled([sent]);
    await drawing.promise;

    await desk.close();

    expect(await settled).toMatchObject([{ reason: { code: 'AGENT_CLOSED' } }]);
    await using again = await commune.open({ mode: 'desk' });
    expect(again.listRegister().at(-1)).toMatchObject({ state: 'void' });
  });

  it('closing waits for many calls at once: each is kept or refused, none is half done', async () => {
    const desk = await commune.open({ mode: 'desk' });
    const before = desk.listRegister().length;
    const calls = [
      ...Array.from({ length: 20 }, () => desk.send(request)),
      desk.registerPaper({
        recipients: ['Hộ ông Bình'],
        abstract: 'Mời họp',
        documentType: 'Giấy mời',
        reason: 'not-connected',
      }),
    ];
    const settled = Promise.allSettled(calls);
    await waitUntil(() => desk.listRegister().length > before, WAIT_MS);

    await desk.close();

    const refused = (await settled).filter(({ status }) => status === 'rejected');
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'AGENT_CLOSED' } });
    await using again = await commune.open({ mode: 'desk' });
    const states = again.listRegister().slice(before);
    expect(states.filter(({ state }) => state === 'reserved')).toEqual([]);
    expect(states.filter(({ state }) => state === 'issued')).toHaveLength(
      calls.length - refused.length,
    );
  });

  it('an error where progress is shown is not told as a fault of the file', async () => {
    await using desk = await commune.open({ mode: 'desk' });
    const path = `${commune.home}/agent.json`;
    const attachments = [{ name: 'a.json', mediaType: 'application/json', path }];
    const onProgress = (): void => {
      throw new Error('the window is gone');
    };

    await expect(desk.send({ ...request, attachments }, { onProgress })).rejects.toThrow(
      'the window is gone',
    );
  });
});
