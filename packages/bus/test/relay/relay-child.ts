/** A relay in a process of its own that ends itself with SIGKILL at the nth time of a step. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { createKeySigner, parseCertificate } from '@congvan/signer';

import { openRelay } from '../../src/relay/index.ts';
import { signWith } from './relay-bus.ts';

const [home = '', keyFile = '', certificateFile = '', step = '', times = '1'] =
  process.argv.slice(2);
const signer = createKeySigner({
  privateKey: createPrivateKey(readFileSync(keyFile)),
  certificate: parseCertificate(readFileSync(certificateFile)),
  chain: [],
});
let left = Number(times);
await openRelay({
  home,
  sign: signWith(signer),
  onStep: (reached) => {
    if (reached !== step) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
process.stdout.write('ready\n');
