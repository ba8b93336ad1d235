/**
 * A relay in a process of its own: `node relay-process.ts HOME KEY CERTIFICATE [STEP TIMES] [NOW]`.
 *
 * With a step it ends itself with SIGKILL at the nth time it comes there; with a time its clock stands
 * there, and it looks often for what a new day brings. Asked over IPC it tells
 * the processor time and memory it used, or closes.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { createKeySigner, parseCertificate } from '@congvan/signer';

import { openRelay } from '../src/relay/index.ts';
import { signWith } from './relay-country.ts';

const [home = '', keyFile = '', certificateFile = '', step = '', times = '1', now = ''] =
  process.argv.slice(2);
const signer = createKeySigner({
  privateKey: createPrivateKey(readFileSync(keyFile)),
  certificate: parseCertificate(readFileSync(certificateFile)),
  chain: [],
});
let left = Number(times);
const relay = await openRelay({
  home,
  sign: signWith(signer),
  ...(now === '' ? {} : { now: () => new Date(now), keepUpMs: 100 }),
  onStep: (reached) => {
    if (reached !== step) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
process.on('message', (message) => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage().rss });
  }
  if (message === 'close') void relay.close().then(() => process.disconnect());
});
// Without a parent there is nobody to work for.
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });
