/** A relay in a process of its own that ends itself with SIGKILL at the nth time of a step. */
import { openRelay } from '../../src/relay/index.ts';
import { signWith } from './relay-bus.ts';
import { killAt, readSigner } from '../../rig/doomed.ts';

const [home = '', keyFile = '', certificateFile = '', step = '', times = '1'] =
  process.argv.slice(2);
const signer = readSigner(keyFile, certificateFile);
await openRelay({
  home,
  sign: signWith(signer),
  onStep: killAt(step, Number(times)),
});
process.stdout.write('ready\n');
