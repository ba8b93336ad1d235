/**
 * Agents on one end of a line: `node office-process.ts HOME…`; with one home it also sends.
 *
 * Messages: `{send: {to, size?, priority}}` → `{keptMs, publishedMs, receiptedMs}`, with times from the
 * call of `send`; `{stop}`.
 */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Agent, type AgentStep, openAgent } from '@congvan/node-agent';

import { PASSPHRASE } from '../../rig/offices.ts';
import { makePdf } from '../chain/measure.ts';

export interface LineOrder {
  readonly to: readonly string[];
  /** Of document and attachment, which does not compress; left out: the document of 20 KB alone. */
  readonly totalBytes?: number;
  readonly priority: 0 | 2;
}

/** Milliseconds from the call of `send` until it returned, all is at the broker, all is receipted. */
export interface LineTimes {
  readonly keptMs: number;
  readonly publishedMs: number;
  readonly receiptedMs: number;
}

const homes = process.argv.slice(2);
const passphrase = async (): Promise<string> => PASSPHRASE;
/** After these a document may be further than before. */
const TOLD: ReadonlySet<AgentStep> = new Set(['outbox.settled.committed', 'inbox.committed']);
let stepped = Promise.withResolvers<void>();
const onStep = (step: AgentStep): void => {
  if (!TOLD.has(step)) return;
  stepped.resolve();
  stepped = Promise.withResolvers();
};
const agents = await Promise.all(
  homes.map(
    async (home) =>
      await openAgent({ home, passphrase: { node: passphrase, seal: passphrase }, onStep }),
  ),
);
const pdf = await makePdf();

process.on('message', (message: { id: number; send?: LineOrder; expect?: number }) => {
  void handle(message);
});
process.send?.({ ready: true });

async function handle(message: { id: number; send?: LineOrder; expect?: number }): Promise<void> {
  const [agent] = agents;
  const { id, send, expect } = message;
  if (expect !== undefined) {
    while (agents.some((one) => one.status().directoryEntries < expect)) await sleep(50);
    process.send?.({ id });
  } else if (send !== undefined && agent !== undefined) {
    process.send?.({ id, times: await post(agent, send) });
  } else {
    await Promise.all(agents.map((one) => one.close()));
    process.disconnect();
  }
}

async function post(agent: Agent, order: LineOrder): Promise<LineTimes> {
  const { to, totalBytes, priority } = order;
  const path = join(homes[0] ?? '', `attachment-${randomBytes(4).toString('hex')}.bin`);
  if (totalBytes !== undefined) await writeFile(path, randomBytes(totalBytes - pdf.length));
  const startedMs = performance.now();
  const sent = await agent.send({
    to,
    document: { name: 'van-ban.pdf', pdf },
    ...(totalBytes === undefined
      ? {}
      : { attachments: [{ name: 'phu-luc.bin', mediaType: 'application/octet-stream', path }] }),
    abstract: 'Về việc đo đường truyền',
    documentType: 'Công văn',
    priority,
  });
  const keptMs = performance.now() - startedMs;
  const ids = new Set(sent.deliveries.map((delivery) => delivery.id));
  // Looking costs the agent that is measured: only when something was kept, and seldom at a long
  // upload, which others pass.
  const isUpload = totalBytes !== undefined && to.length === 1;
  const limit = isUpload ? 2_000 : ids.size + 20;
  const further = async (): Promise<void> => {
    const { promise } = stepped;
    await Promise.race([promise, sleep(1_000, undefined, { ref: false })]);
    if (isUpload) await sleep(250);
  };
  const rows = () =>
    agent.listOutbox({ settled: true, limit }).filter((row) => ids.has(row.messageId));
  while (rows().some((row) => row.state === 'waiting')) await further();
  const publishedMs = performance.now() - startedMs;
  while (agent.track(sent.documentId).deliveries.some(({ status }) => status === null))
    await further();
  const receiptedMs = performance.now() - startedMs;
  await rm(path, { force: true });
  return { keptMs, publishedMs, receiptedMs };
}
