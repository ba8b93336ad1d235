/**
 * One of the three processes of the chain: `node process.ts sender|recipient|relay HOME …`.
 *
 * It says `{ready}` over IPC, works, answers `count` and says its CPU time when told to stop.
 */
import { readFile } from 'node:fs/promises';

import { openRelay } from '@congvan/bus/relay';
import { openAgent } from '@congvan/node-agent';

import { PASSPHRASE, RECIPIENT } from './town.ts';

const [role = '', home = '', pdfFile = '', documents = '0', senders = '1'] = process.argv.slice(2);
const passphrase = async (): Promise<string> => PASSPHRASE;

if (role === 'relay') {
  const relay = await openRelay({ home, passphrase });
  serve({ receipted: () => relay.counts().receipts['01'] }, () => relay.close());
} else {
  const agent = await openAgent({ home, passphrase: { node: passphrase, seal: passphrase } });
  while (agent.status().directoryEntries < 3)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const pdf = role === 'sender' ? await readFile(pdfFile) : undefined;
  const work = pdf === undefined ? async () => {} : () => sendAll(pdf);
  serve({ receipted: () => 0 }, () => agent.close(), work);

  async function sendAll(bytes: Uint8Array): Promise<void> {
    let left = Number(documents);
    const sendOn = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await agent.send({
          to: [RECIPIENT],
          document: { name: 'van-ban.pdf', pdf: bytes },
          abstract: 'Về việc đo tốc độ chuỗi văn bản',
          documentType: 'Công văn',
        });
      }
    };
    await Promise.all(Array.from({ length: Number(senders) }, sendOn));
  }
}

function serve(
  counters: { readonly receipted: () => number },
  close: () => Promise<void>,
  work: () => Promise<void> = async () => {},
): void {
  let before = process.cpuUsage();
  process.on('message', (message) => {
    void handle(String(message));
  });
  process.send?.({ ready: true });

  async function handle(message: string): Promise<void> {
    if (message === 'go') {
      before = process.cpuUsage();
      await work();
      process.send?.({ worked: true });
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
