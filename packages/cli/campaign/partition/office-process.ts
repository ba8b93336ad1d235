/**
 * One agency: its agent, a clerk who accepts what comes, and a line of documents to send.
 *
 * `node office-process.ts HOME LEDGER`; the parent sends `{send}`, `{killAt}` and `{stop}` over IPC
 * and gets `{sent}` back. The process may be killed at any time and started again.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { type AgentStep, openAgent } from '@congvan/node-agent';

import { PASSPHRASE } from '../../rig/offices.ts';
import { Ledger } from './ledger.ts';

/** A document the parent wants sent; the key makes a repeat after a kill the same document. */
export interface SendOrder {
  readonly key: string;
  readonly to: readonly string[];
  readonly pdfFile: string;
  readonly attachmentFile?: string;
  readonly urgent: boolean;
}

/** What the parent asks for. */
interface Request {
  readonly send?: SendOrder;
  /** SIGKILL to itself right after this step: no other process could hit it. */
  readonly killAt?: AgentStep;
  readonly stop?: true;
}

const [home = '', ledgerFile = ''] = process.argv.slice(2);
const passphrase = async (): Promise<string> => PASSPHRASE;

let killAt: AgentStep | undefined;

const agent = await openAgent({
  home,
  onStep: (step) => {
    if (step === killAt) process.kill(process.pid, 'SIGKILL');
  },
  passphrase: { node: passphrase, seal: passphrase },
  ...(process.env['CAMPAIGN_LOG'] === undefined ? {} : { log: logToStderr() }),
});
using ledger = new Ledger(ledgerFile);
process.on('message', (message: Request) => {
  killAt = message.killAt ?? killAt;
  if (message.stop === true) void agent.close().then(() => process.disconnect());
  if (message.send !== undefined) void send(message.send);
});
// Without a parent there is nobody to work for.
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
for await (const document of agent.incoming()) {
  const hash = createHash('sha256');
  for (const file of document.files) hash.update(await file.bytes());
  ledger.write({ event: 'handed', id: document.id, filesSha256: hash.digest('hex') });
  const { incomingNumber } = await agent.accept(document.id, { actor: 'văn thư' });
  const number = `${incomingNumber.number}/${incomingNumber.year}`;
  ledger.write({ event: 'accepted', id: document.id, number });
}

async function send(order: SendOrder): Promise<void> {
  const { key, to, pdfFile, attachmentFile, urgent } = order;
  try {
    const sent = await agent.send({
      idempotencyKey: key,
      to,
      document: { name: 'van-ban.pdf', pdf: await readFile(pdfFile) },
      ...(attachmentFile === undefined
        ? {}
        : {
            attachments: [
              { name: 'phu-luc.bin', mediaType: 'application/octet-stream', path: attachmentFile },
            ],
          }),
      abstract: `Văn bản ${key} đi qua sự cố`,
      documentType: 'Công văn',
      priority: urgent ? 2 : 0,
    });
    const { documentId, codeNumber: number, deliveries } = sent;
    ledger.write({ event: 'promised', key, documentId, number, deliveries });
    process.send?.({ sent: key });
  } catch (error) {
    process.send?.({ failed: key, error: error instanceof Error ? error.message : String(error) });
  }
}

function logToStderr() {
  const write =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      process.stderr.write(`${JSON.stringify({ level, home, message, ...fields })}\n`);
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
