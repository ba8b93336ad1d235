import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectAgency } from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Agent, SendRequest, SentDocument } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 20_000;
const MIB = 1024 * 1024;

describe('content that does not fit into its message', () => {
  let town: Town;
  let commune: Office;
  let offices: Office[];
  let sender: Agent;
  let recipients: Agent[];

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    offices = [
      await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' }),
      await town.addOffice({ code: 'H09.20', tier: 'district', site: 'H09' }),
      await town.addOffice({ code: 'H45.07', tier: 'district', site: 'H45' }),
    ];
    sender = await commune.open();
    recipients = await Promise.all(offices.map((office) => office.open()));
    const agents = [sender, ...recipients];
    await waitUntil(() => agents.every((one) => one.status().directoryEntries >= 5), WAIT_MS);
  });

  afterAll(async () => {
    await Promise.all([sender, ...recipients].map((agent) => agent.close()));
    await town[Symbol.asyncDispose]();
  });

  async function request(over: Partial<SendRequest> = {}): Promise<SendRequest> {
    return {
      to: offices.slice(0, 1).map(({ code }) => code),
      document: { name: 'Báo cáo.pdf', pdf: await makePdf('Bao cao') },
      abstract: 'Về việc báo cáo',
      documentType: 'Báo cáo',
      ...over,
    };
  }

  async function arrived(sent: SentDocument): Promise<void> {
    const isThere = (): boolean =>
      sender.track(sent.documentId).deliveries.every(({ status }) => status === '01');
    await waitUntil(isThere, WAIT_MS);
  }

  const rowOf = (agent: Agent | undefined, sent: SentDocument) =>
    agent?.listInbox().find(({ documentId }) => documentId === sent.documentId);

  it('goes up as a blob and arrives as it was sent', async () => {
    const pdf = await makePdf('large', 300 * 1024);
    const sent = await sender.send(await request({ document: { name: 'large.pdf', pdf } }));
    await arrived(sent);
    const document = recipients[0]?.openIncoming(rowOf(recipients[0], sent)?.id ?? '');
    const bytes = await document?.files[0]?.bytes();
    expect(Buffer.compare(bytes ?? Buffer.of(), sent.signedPdf)).toBe(0);
    expect(document).toMatchObject({ documentIndication: 'TOTAL-PASSED', warnings: [] });
  });

  it('goes up once for several recipients, who get references', async () => {
    const before = sender.listOutbox({ settled: true }).length;
    const pdf = await makePdf('many', 90 * 1024);
    const to = offices.map(({ code }) => code);
    const sent = await sender.send(await request({ to, document: { name: 'many.pdf', pdf } }));
    await arrived(sent);
    for (const agent of recipients) expect(rowOf(agent, sent)?.duplicateCount).toBe(0);
    expect(sender.listOutbox({ settled: true }).length).toBeGreaterThanOrEqual(before + 3);
  });

  it('takes attachments by path and keeps what is large in files', async () => {
    const path = join(town.folder, 'phu-luc.bin');
    const content = randomBytes(6 * MIB);
    await writeFile(path, content);
    const attachments = [{ name: 'Phụ lục.bin', mediaType: 'application/octet-stream', path }];
    const sent = await sender.send(await request({ attachments, priority: 2 }));
    await arrived(sent);
    const agent = recipients[0];
    const document = agent?.openIncoming(rowOf(agent, sent)?.id ?? '');
    const file = document?.files[1];
    expect(file).toMatchObject({ name: 'Phụ lục.bin', size: content.length });
    const hash = createHash('sha256');
    for await (const piece of file?.stream() ?? []) hash.update(piece);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
    expect(await readdir(join(offices[0]?.home ?? '', 'packages'))).toHaveLength(1);
    expect(await readdir(join(offices[0]?.home ?? '', 'downloads'))).toEqual([]);
  });

  it('is released once every recipient has answered, while the package stays', async () => {
    const path = join(town.folder, 'ban-ve.bin');
    await writeFile(path, randomBytes(5 * MIB));
    const attachments = [{ name: 'ban-ve.bin', mediaType: 'application/octet-stream', path }];
    const sent = await sender.send(await request({ attachments }));
    await arrived(sent);
    const left = (folder: string) => readdir(join(commune.home, folder));
    await waitUntil(async () => (await left('sealed')).length === 0, WAIT_MS);
    expect((await left('packages')).length).toBeGreaterThan(0);
    const pdf = await sender.track(sent.documentId).signedPdf?.();
    expect(Buffer.compare(pdf ?? Buffer.of(), sent.signedPdf)).toBe(0);
  });

  it('is not sent to an agency for which nothing can be sealed, and takes no number', async () => {
    const bare = await town.addOffice({
      code: 'H09.30',
      tier: 'district',
      site: 'H09',
      encryption: null,
    });
    const knows = () => sender.listDirectory().some(({ code }) => code === bare.code);
    await waitUntil(knows, WAIT_MS);
    const before = sender.listRegister().length;
    const to = [bare.code];
    await expect(sender.send(await request({ to }))).rejects.toMatchObject({
      code: 'AGENT_RECIPIENT_UNSEALABLE',
      details: { code: bare.code },
    });
    expect(sender.listRegister()).toHaveLength(before);
  });

  it('is put again when its reference is repeated and the site has lost it', async () => {
    const late = await town.addOffice({ code: 'H09.40', tier: 'district', site: 'H09' });
    const office = await town.addOffice({ code: 'H09.41', tier: 'district', site: 'H09' });
    const path = join(town.folder, 'mat.bin');
    await writeFile(path, randomBytes(2 * MIB));
    const attachments = [{ name: 'mat.bin', mediaType: 'application/octet-stream', path }];
    const isPublished = (agent: Agent): boolean =>
      agent.listOutbox().some((row) => row.purpose === 'document' && row.state === 'published');
    {
      await using agent = await office.open();
      await waitUntil(() => agent.listDirectory().some(({ code }) => code === late.code), WAIT_MS);
      await agent.send(await request({ to: [late.code], attachments }));
      await waitUntil(() => isPublished(agent), WAIT_MS);
    }
    const [sha256 = ''] = await readdir(join(office.home, 'sealed'));
    await using line = await connectAgency({
      servers: [town.bus.url],
      credentials: await readFile(join(office.home, 'credentials', 'agent.creds')),
      code: office.code,
      site: 'H09',
      name: 'by hand',
    });
    await line.dropFile({ sha256 });
    const chunkCount = 17;
    const file = { fromSite: 'H09', from: office.code, sha256, chunkCount };
    await waitUntil(async () => (await line.locateFile(file)).stored === 0, WAIT_MS);

    const afterAnHour = () => new Date(Date.now() + 70 * 60_000);
    await using _again = await office.open({ now: afterAnHour });
    await waitUntil(async () => (await line.locateFile(file)).stored >= chunkCount, WAIT_MS);
    await using recipient = await late.open();
    await waitUntil(() => recipient.listInbox().length === 1, WAIT_MS);
  });
});
