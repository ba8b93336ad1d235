// Started by start.test.ts as a process of its own: a server whose starter can be killed.
import { startLocalServer } from '../../src/local-server/start.ts';

const [folder = '', how] = process.argv.slice(2);
await startLocalServer({
  folder,
  sites: ['H09'],
  maxStoreBytes: 2 * 1024 ** 3,
  detached: how === 'detached',
});
process.on('message', (message) => {
  if (message === 'exit') process.exit(0);
});
process.send?.('started');
