import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AGENT_STEPS, type Agent, type AgentStep } from '../src/index.ts';
import { type Office, type Town, foundTown, makePdf } from './support/town.ts';

const CHILD = fileURLToPath(new URL('support/agent-child.ts', import.meta.url));
const WAIT_MS = 20_000;

const SENDER_STEPS = [
  'register.committed',
  'document.signed',
  'package.sealed',
  'outbox.committed',
  'upload.begun.committed',
  'upload.committed',
  'records.committed',
  'messages.published',
  'outbox.settled.committed',
  'inbox.checked',
  'inbox.committed',
  'inbox.acknowledged',
] satisfies AgentStep[];
const RECIPIENT_STEPS = [
  'inbox.checked',
  'inbox.committed',
  'inbox.acknowledged',
  'download.begun.committed',
  'download.checked',
  'download.committed',
  'records.committed',
  'messages.published',
  'outbox.settled.committed',
  'answer.committed',
] satisfies AgentStep[];

interface Line {
  readonly sent?: string;
  readonly handedOver?: string;
  readonly accepted?: string;
  readonly documentId?: string;
}

/** A child agent and what it has said so far. */
class Child implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #process: ChildProcess;
  readonly exited: Promise<unknown>;
  errors = '';

  constructor(...parameters: readonly string[]) {
    const child = spawn(process.execPath, [CHILD, ...parameters], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    this.#process = child;
    this.exited = once(child, 'exit');
  }

  get signal(): NodeJS.Signals | null {
    return this.#process.signalCode;
  }

  get code(): number | null {
    return this.#process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin?.end();
    await this.exited;
  }
}

describe('kill -9 of an agent', () => {
  let town: Town;
  let commune: Office;
  let ministry: Office;
  let pdf: string;

  beforeAll(async () => {
    town = await foundTown();
    commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    ministry = await town.addOffice({ code: 'G09', tier: 'central', site: 'TW' });
    pdf = join(town.folder, 'van-ban.pdf');
    // Large enough to go as a blob, so that a document passes every step there is.
    await writeFile(pdf, await makePdf('Van ban', 300 * 1024));
    // Both learn the directory once, so that a child's first step is the one under test.
    for (const office of [commune, ministry]) {
      await using agent = await office.open();
      await waitUntil(() => agent.status().directoryEntries >= 3, WAIT_MS);
    }
  });

  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('knows every step there is', () => {
    expect(new Set([...SENDER_STEPS, ...RECIPIENT_STEPS])).toEqual(new Set(AGENT_STEPS));
  });

  it.each(SENDER_STEPS)('of the sender at %s loses and doubles nothing', async (step) => {
    await using recipient = await ministry.open();
    const key = `sender ${step}`;
    const killed = new Child(commune.home, 'sender', step, key, ministry.code, pdf);
    await killed.exited;
    expect(killed.errors).toBe('');
    expect(killed.signal).toBe('SIGKILL');

    await using again = new Child(commune.home, 'sender', 'none', key, ministry.code, pdf);
    await waitUntil(() => again.lines.some((line) => line.sent !== undefined), WAIT_MS);
    const documentId = again.lines.find((line) => line.sent !== undefined)?.sent ?? '';
    await waitUntil(() => copiesOf(recipient, documentId) > 0, WAIT_MS);
    await using desk = await commune.open({ mode: 'desk' });
    await waitUntil(() => desk.track(documentId).deliveries[0]?.status === '01', WAIT_MS);
    expect(copiesOf(recipient, documentId)).toBe(1);
    expect(desk.listOutbox().filter((row) => row.purpose === 'document')).toEqual([]);
    const entries = desk.listRegister();
    expect(entries.filter((entry) => entry.documentId === documentId)).toHaveLength(1);
    expect(entries.map((entry) => entry.number)).toEqual(entries.map((_, index) => index + 1));
    expect(recipient.listQuarantine()).toEqual([]);
  });

  it.each(RECIPIENT_STEPS)('of the recipient at %s loses and doubles nothing', async (step) => {
    await using sender = await commune.open();
    const killed = new Child(ministry.home, 'recipient', step);
    const sent = await sender.send({
      to: [ministry.code],
      document: { name: 'van-ban.pdf', pdf: await makePdf(step, 300 * 1024) },
      abstract: `Người nhận gặp sự cố ở ${step}`,
      documentType: 'Công văn',
    });
    const deliveryId = sent.deliveries[0]?.id;
    await killed.exited;
    expect(killed.errors).toBe('');
    expect(killed.signal).toBe('SIGKILL');
    await expectReceiptsOnlyForStored(sender, sent.documentId);

    await using again = new Child(ministry.home, 'recipient', 'none');
    await waitUntil(() => sender.track(sent.documentId).deliveries[0]?.status === '03', WAIT_MS);
    // The application gets a document again only while its answer is not on disk.
    const handedOverAgain = again.lines.filter((line) => line.handedOver === deliveryId).length;
    expect(handedOverAgain).toBeLessThanOrEqual(step === 'answer.committed' ? 0 : 1);
    await using desk = await ministry.open({ mode: 'desk' });
    expect(copiesOf(desk, sent.documentId)).toBe(1);
    const track = sender.track(sent.documentId).deliveries[0];
    expect(track?.steps.map(({ status }) => status)).toEqual(['01', '03']);
    expect(desk.listQuarantine()).toEqual([]);
  });

  function copiesOf(agent: Agent, documentId: string): number {
    return agent.listInbox().filter((row) => row.documentId === documentId).length;
  }

  async function expectReceiptsOnlyForStored(sender: Agent, documentId: string): Promise<void> {
    await using desk = await ministry.open({ mode: 'desk' });
    const receipts = sender.track(documentId).deliveries[0]?.steps.length ?? 0;
    expect(copiesOf(desk, documentId)).toBeGreaterThanOrEqual(Math.min(receipts, 1));
  }
});
