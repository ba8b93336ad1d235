/** What a new day brings, in a process of its own that ends itself with SIGKILL at the nth time of a step. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { createKeySigner, parseCertificate } from '@congvan/signer';

import { bringNewDay } from './new-day.ts';
import { signWith } from '../relay-bus.ts';

const [file = '', keyFile = '', certificateFile = '', now = '', step = '', times = ''] =
  process.argv.slice(2);
const signer = createKeySigner({
  privateKey: createPrivateKey(readFileSync(keyFile)),
  certificate: parseCertificate(readFileSync(certificateFile)),
  chain: [],
});
let left = Number(times);
await bringNewDay({
  file,
  sign: signWith(signer),
  now: new Date(now),
  onStep: (reached) => {
    if (reached !== step) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
