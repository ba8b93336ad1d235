/** What a new day brings, in a process of its own that ends itself with SIGKILL at the nth time of a step. */
import { bringNewDay } from './new-day.ts';
import { signWith } from '../relay-bus.ts';
import { killAt, readSigner } from '../../../rig/doomed.ts';

const [file = '', keyFile = '', certificateFile = '', now = '', step = '', times = ''] =
  process.argv.slice(2);
const signer = readSigner(keyFile, certificateFile);
await bringNewDay({
  file,
  sign: signWith(signer),
  now: new Date(now),
  onStep: killAt(step, Number(times)),
});
