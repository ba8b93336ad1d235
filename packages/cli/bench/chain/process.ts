/**
 * One process of the chain: `node process.ts sender|recipient|relay|desk HOME …`; a desk sends while no
 * agent carries anything out.
 *
 * It says `{ready}` over IPC, works, answers `count` and says its CPU time when told to stop.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { openRelay } from '@congvan/bus/relay';
import { openAgent } from '@congvan/node-agent';

import { PASSPHRASE } from '../../rig/offices.ts';
import { RECIPIENT } from './town.ts';

const [role = '', home = '', pdfFile = '', documents = '0', senders = '1', warmUp = '0'] =
  process.argv.slice(2);
const passphrase = async (): Promise<string> => PASSPHRASE;

if (role === 'relay') {
  const relay = await openRelay({ home, passphrase });
  serve({ receipted: () => relay.counts().receipts['01'] }, () => relay.close());
} else {
  const agent = await openAgent({
    home,
    passphrase: { node: passphrase, seal: passphrase },
    mode: role === 'desk' ? 'desk' : 'run',
  });
  while (agent.status().directoryEntries < 3) await sleep(20);
  const pdf = role === 'recipient' ? new Uint8Array() : await readFile(pdfFile);
  serve({ receipted: () => 0 }, () => agent.close(), {
    warm: () => sendAll(Number(warmUp)),
    go: role === 'recipient' ? async () => {} : () => sendAll(Number(documents)),
    urgent: sendUrgent,
  });

  async function send(priority: 0 | 2): Promise<string> {
    const { documentId } = await agent.send({
      to: [RECIPIENT],
      document: { name: 'van-ban.pdf', pdf },
      abstract: 'Về việc đo tốc độ chuỗi văn bản',
      documentType: 'Công văn',
      priority,
    });
    return documentId;
  }

  async function sendAll(count: number): Promise<void> {
    let left = count;
    const sendOn = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await send(0);
      }
    };
    await Promise.all(Array.from({ length: Number(senders) }, sendOn));
  }

  /** One after the other: each waits for its receipt, as a clerk does who waits for it. */
  async function sendUrgent(): Promise<object> {
    const latenciesMs: number[] = [];
    for (let index = 0; index < Number(documents); index += 1) {
      const startedMs = performance.now();
      const documentId = await send(2);
      while (agent.track(documentId).deliveries[0]?.status !== '01') await sleep(2);
      latenciesMs.push(performance.now() - startedMs);
      await sleep(100);
    }
    const { waiting, published } = agent.status().outbox;
    return { latenciesMs, waiting: waiting + published };
  }
}

function serve(
  counters: { readonly receipted: () => number },
  close: () => Promise<void>,
  works: Readonly<Record<string, () => Promise<object | void>>> = { go: async () => {} },
): void {
  let before = process.cpuUsage();
  process.on('message', (message) => {
    void handle(String(message));
  });
  process.send?.({ ready: true });

  async function handle(message: string): Promise<void> {
    const work = works[message];
    if (work !== undefined) {
      before = process.cpuUsage();
      process.send?.({ worked: true, ...(await work()) });
    } else if (message === 'count') {
      process.send?.({ receipted: counters.receipted() });
    } else {
      const { user, system } = process.cpuUsage(before);
      process.send?.({ cpuMs: (user + system) / 1_000 });
      await close();
      process.disconnect();
    }
  }
}
