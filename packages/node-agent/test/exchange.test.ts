import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Agent, type SendRequest, layoutOf } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;

describe('documents between two agencies', () => {
  let town: Town;
  let commune: Office;
  let ministry: Office;
  let sender: Agent;
  let recipient: Agent;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    [sender, recipient] = await Promise.all([commune.open(), ministry.open()]);
    await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
  });

  afterAll(async () => {
    await sender.close();
    await recipient.close();
    await town[Symbol.asyncDispose]();
  });

  async function request(over: Partial<SendRequest> = {}): Promise<SendRequest> {
    return {
      to: [ministry.code],
      document: { name: 'Báo cáo quý III.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo công tác quý III',
      documentType: 'Báo cáo',
      ...over,
    };
  }

  it('delivers a signed document, hands it over and brings back receipts 01, 03 and 06', async () => {
    const sent = await sender.send(await request({ priority: 1 }));
    expect(sent).toMatchObject({ codeNotation: 'UBND-VP', resumed: false, agentRunning: true });

    const stop = AbortSignal.timeout(WAIT_MS);
    for await (const document of recipient.incoming({ signal: stop })) {
      expect(document).toMatchObject({
        id: sent.deliveries[0]?.id,
        from: commune.code,
        abstract: 'Về việc báo cáo công tác quý III',
        documentIndication: 'TOTAL-PASSED',
        warnings: [],
        packageDigest: sent.packageDigest,
      });
      const bytes = await document.files[0]?.bytes();
      expect(Buffer.from(bytes ?? [])).toEqual(Buffer.from(sent.signedPdf));
      const accepted = await recipient.accept(document.id, { actor: 'Nguyễn Thị Lan' });
      expect(accepted.incomingNumber.number).toBe(1);
      await recipient.complete(document.id);
      break;
    }
    expect(stop.aborted).toBe(false);
    await waitUntil(() => sender.track(sent.documentId).deliveries[0]?.status === '06', WAIT_MS);
    const track = sender.track(sent.documentId);
    expect(track.deliveries[0]?.steps.map((step) => step.status)).toEqual(['01', '03', '06']);
    expect(track.deliveries[0]?.steps[1]?.incomingNumber).toMatch(/^1\/\d{4}$/);
    expect(sender.listOutbox().filter((row) => row.purpose === 'document')).toEqual([]);
  });

  it('brings a refusal back with its code and words', async () => {
    const sent = await sender.send(await request());
    const id = sent.deliveries[0]?.id ?? '';
    await waitUntil(() => recipient.listInbox().some((row) => row.id === id), WAIT_MS);
    await recipient.refuse(id.slice(0, 12), {
      code: 'WRONG_ADDRESSEE',
      reason: 'Không thuộc thẩm quyền',
    });
    await waitUntil(() => sender.track(sent.documentId).deliveries[0]?.status === '02', WAIT_MS);
    expect(sender.track(sent.documentId).deliveries[0]?.steps.at(-1)).toMatchObject({
      status: '02',
      reasonCode: 'WRONG_ADDRESSEE',
      reason: 'Không thuộc thẩm quyền',
    });
    await expect(recipient.accept(id)).rejects.toMatchObject({ code: 'AGENT_STATE_CONFLICT' });
  });

  it('sends nothing twice for one idempotency key, and refuses another request under it', async () => {
    const once = await request({ idempotencyKey: 'hồ sơ 17' });
    const [first, second] = await Promise.all([sender.send(once), sender.send(once)]);
    expect(second.documentId).toBe(first.documentId);
    expect(second.packageDigest).toBe(first.packageDigest);
    const other = await request({ idempotencyKey: 'hồ sơ 17', abstract: 'Việc khác' });
    await expect(sender.send(other)).rejects.toMatchObject({ code: 'AGENT_KEY_REUSED' });
  });

  it('draws the document once its number is known', async () => {
    const drawn: string[] = [];
    const sent = await sender.send(
      await request({
        document: {
          name: 'Tờ trình.pdf',
          pdf: async (assigned) => {
            drawn.push(`${assigned.codeNumber}/${assigned.codeNotation}`);
            return await makePdf(assigned.codeNumber);
          },
        },
        notation: 'TTr-UBND',
      }),
    );
    expect(drawn).toEqual([`${sent.codeNumber}/TTr-UBND`]);
  });

  it('takes no number for a file that cannot be signed', async () => {
    const before = sender.listRegister().length;
    const broken = await request({ document: { name: 'x.pdf', pdf: Buffer.from('not a PDF') } });
    await expect(sender.send(broken)).rejects.toMatchObject({ code: 'SIGNER_PDF_NOT_PDF' });
    expect(sender.listRegister()).toHaveLength(before);
  });

  it('voids the number when the drawing fails, and counts on', async () => {
    const pdf = async (): Promise<Uint8Array> => {
      throw new Error('out of paper');
    };
    const failing = await request({ document: { name: 'x.pdf', pdf } });
    await expect(sender.send(failing)).rejects.toThrow('out of paper');
    const entries = sender.listRegister();
    expect(entries.at(-1)).toMatchObject({ state: 'void', voidReason: 'not issued: out of paper' });
    const next = await sender.send(await request());
    expect(Number(next.codeNumber)).toBe((entries.at(-1)?.number ?? 0) + 1);
  });

  it('does not issue a number that was given up meanwhile', async () => {
    const pdf = async (): Promise<Uint8Array> => {
      const { year, number } = sender.listRegister().at(-1) ?? { year: 0, number: 0 };
      await sender.voidNumber(year, number, 'đổi ý');
      return await makePdf('Bao cao');
    };
    const given = await request({ document: { name: 'x.pdf', pdf } });
    await expect(sender.send(given)).rejects.toMatchObject({ code: 'AGENT_NUMBER_VOID' });
    expect(sender.listRegister().at(-1)).toMatchObject({ state: 'void', voidReason: 'đổi ý' });
  });

  it('registers paper documents in the same sequence', async () => {
    const before = sender.listRegister().length;
    const entry = await sender.registerPaper({
      recipients: ['Hộ ông Trần Văn Bình'],
      abstract: 'Giấy mời họp',
      documentType: 'Giấy mời',
      reason: 'not-connected',
    });
    expect(entry).toMatchObject({ number: before + 1, medium: 'paper', state: 'issued' });
  });

  it.each([
    ['an unknown recipient', { to: ['H63.99'] }, 'AGENT_RECIPIENT_UNKNOWN'],
    ['a code that is none', { to: ['H09..1'] }, 'AGENT_REQUEST_INVALID'],
    ['the agency itself', { to: ['H09.12.034'] }, 'AGENT_REQUEST_INVALID'],
    ['a recipient named twice', { to: ['G09', 'g09'] }, 'AGENT_REQUEST_INVALID'],
    ['no recipient', { to: [] }, 'AGENT_REQUEST_INVALID'],
    ['an empty abstract', { abstract: ' ' }, 'AGENT_REQUEST_INVALID'],
    ['a classified document', { classification: 'secret' }, 'AGENT_SECRET_DOCUMENT'],
    ['a wrong date', { dueDate: '2026-02-30' }, 'AGENT_REQUEST_INVALID'],
  ] satisfies [string, Partial<SendRequest>, string][])(
    'refuses %s before a number is taken',
    async (_name, over, code) => {
      const before = sender.listRegister().length;
      await expect(sender.send(await request(over))).rejects.toMatchObject({ code });
      expect(sender.listRegister()).toHaveLength(before);
    },
  );

  it('refuses a document that is too large to be signed, and says by how much', async () => {
    const large = await request({
      document: { name: 'large.pdf', pdf: Buffer.alloc(100 * 1024 * 1024 + 1) },
    });
    await expect(sender.send(large)).rejects.toMatchObject({
      code: 'AGENT_PACKAGE_TOO_LARGE',
      details: { limit: 104_857_600 },
    });
  });

  it('lets a desk send and answer beside the running agent', async () => {
    await using desk = await commune.open({ mode: 'desk' });
    const sent = await desk.send(await request());
    expect(sent.agentRunning).toBe(true);
    const id = sent.deliveries[0]?.id ?? '';
    await waitUntil(() => recipient.listInbox().some((row) => row.id === id), WAIT_MS);
    await using other = await ministry.open({ mode: 'desk', passphrase: {} });
    await other.accept(id, { number: 4711 });
    await waitUntil(() => desk.track(sent.documentId).deliveries[0]?.status === '03', WAIT_MS);
    expect(desk.track(sent.documentId).deliveries[0]?.steps.at(-1)?.incomingNumber).toMatch(
      /^4711\//,
    );
  });

  it('runs one agent per folder', async () => {
    await expect(commune.open()).rejects.toMatchObject({ code: 'AGENT_ALREADY_RUNNING' });
  });

  it('hands a document over again until the application says it has it', async () => {
    const sent = await sender.send(await request());
    const id = sent.deliveries[0]?.id ?? '';
    const seen = async (): Promise<boolean> => {
      for await (const document of recipient.incoming({ signal: AbortSignal.timeout(3_000) })) {
        if (document.id === id) return true;
      }
      return false;
    };
    expect(await seen()).toBe(true);
    expect(await seen()).toBe(true);
    await recipient.done(id);
    await sleep(10);
    expect(recipient.listInbox({ state: 'open' }).some((row) => row.id === id)).toBe(true);
    expect(await seen()).toBe(false);
  });

  it('goes on under its new tier when the registrar moves an agency', async () => {
    const office = await town.addOffice({ code: 'H09.20', tier: 'district', site: 'H09' });
    await using agent = await office.open();
    await town.bus.site.enrolment.amend(office.code, { tier: 'province' });
    const tierIn = (reader: Agent): string | undefined =>
      reader.listDirectory().find(({ code }) => code === office.code)?.tier;
    await waitUntil(() => [sender, agent].every((one) => tierIn(one) === 'province'), WAIT_MS);
    const sent = await sender.send(await request({ to: [office.code] }));
    await waitUntil(() => sender.track(sent.documentId).deliveries[0]?.status === '01', WAIT_MS);
    expect(agent.listQuarantine()).toEqual([]);
  });

  it('finds a recipient that was moved while its document waited', async () => {
    const office = await town.addOffice({ code: 'H09.21', tier: 'district', site: 'H09' });
    const waiting = await town.addOffice({ code: 'H45.09', tier: 'province', site: 'H45' });
    const known = (agent: Agent, tier: string) =>
      agent.listDirectory().some((entry) => entry.code === office.code && entry.tier === tier);
    await using agent = await waiting.open();
    await waitUntil(() => known(agent, 'district'), WAIT_MS);
    await agent.close();
    await using desk = await waiting.open({ mode: 'desk' });
    const sent = await desk.send(await request({ to: [office.code] }));
    expect(sent.agentRunning).toBe(false);
    await town.bus.site.enrolment.amend(office.code, { tier: 'province' });

    await using moved = await office.open();
    await waitUntil(() => known(moved, 'province'), WAIT_MS);
    await using again = await waiting.open();
    await waitUntil(() => again.track(sent.documentId).deliveries[0]?.status === '01', WAIT_MS);
    expect(moved.listQuarantine()).toEqual([]);
  });

  it('learns of an agency that was added while it runs', async () => {
    const late = await town.addOffice({ code: 'H45.07', tier: 'district', site: 'H45' });
    await waitUntil(
      () => sender.listDirectory().some((entry) => entry.code === late.code),
      WAIT_MS,
    );
  });

  it('ends the hand-over with the reason when a part of the agent fails for good', async () => {
    const cut = { servers: ['nats://127.0.0.1:1'] };
    const office = await town.addOffice({ code: 'H09.15', tier: 'commune', site: 'H09', ...cut });
    const agent = await office.open();
    await writeFile(layoutOf(office.home).credentials, 'half a file');
    const incoming = async (): Promise<void> => {
      for await (const { id } of agent.incoming()) await agent.done(id);
    };
    const failure = { code: 'BUS_CREDENTIALS_INVALID' };
    await expect(incoming()).rejects.toMatchObject(failure);
    await expect(incoming()).rejects.toMatchObject(failure);
    expect(agent.status().running).toBe(false);
    await expect(agent.close()).rejects.toMatchObject(failure);
  });
});
