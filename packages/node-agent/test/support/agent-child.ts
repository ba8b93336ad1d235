/**
 * One agent in a process of its own, for tests that kill it.
 *
 * `node agent-child.ts <home> <role> <step|none> <idempotency key> <recipient code> <pdf> [attachment]`; the process
 * kills itself with SIGKILL at the first time that the named step is reached, else prints `ready`
 * lines and works until its standard input closes; as `idle` it only runs.
 */
import { readFile } from 'node:fs/promises';

import { openAgent } from '../../src/index.ts';
import { PASSPHRASE } from './passphrase.ts';

const OCTETS = 'application/octet-stream';
const [home = '', role, killAt, key = '', recipient = '', pdfFile = '', attachment] =
  process.argv.slice(2);

const agent = await openAgent({
  home,
  passphrase: { node: async () => PASSPHRASE, seal: async () => PASSPHRASE },
  onStep: (step) => {
    if (step === killAt) process.kill(process.pid, 'SIGKILL');
  },
});
process.stdin.once('end', () => void agent.close());
process.stdin.resume();

if (role === 'sender') {
  const sent = await agent.send({
    idempotencyKey: key,
    to: [recipient],
    document: { name: 'van-ban.pdf', pdf: await readFile(pdfFile) },
    ...(attachment === undefined
      ? {}
      : { attachments: [{ name: 'phu-luc.bin', mediaType: OCTETS, path: attachment }] }),
    abstract: 'Văn bản đi qua sự cố',
    documentType: 'Công văn',
  });
  console.log(JSON.stringify({ sent: sent.documentId, number: sent.codeNumber }));
} else if (role === 'recipient') {
  for await (const document of agent.incoming()) {
    console.log(JSON.stringify({ handedOver: document.id, documentId: document.documentId }));
    await agent.accept(document.id);
    console.log(JSON.stringify({ accepted: document.id }));
  }
}
