/**
 * A relay in a process of its own: `node relay-process.ts HOME KEY CERTIFICATE [STEP TIMES] [NOW]`.
 *
 * With a step it ends itself with SIGKILL at the nth time it comes there; with a time its clock stands
 * there, and it looks often for what a new day brings. Asked over IPC it tells
 * the processor time and memory it used, or closes.
 */
import { openRelay } from '../src/relay/index.ts';
import { killAt, readSigner } from './doomed.ts';
import { signWith } from './relay-country.ts';

const [home = '', keyFile = '', certificateFile = '', step = '', times = '1', now = ''] =
  process.argv.slice(2);
const signer = readSigner(keyFile, certificateFile);
const relay = await openRelay({
  home,
  sign: signWith(signer),
  ...(now === '' ? {} : { now: () => new Date(now), keepUpMs: 100 }),
  onStep: killAt(step, Number(times)),
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
