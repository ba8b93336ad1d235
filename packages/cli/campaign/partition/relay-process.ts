/** One relay: `node relay-process.ts HOME`; works until told to stop or killed. */
import { setTimeout as sleep } from 'node:timers/promises';

import { BusError } from '@congvan/bus';
import { type Relay, openRelay } from '@congvan/bus/relay';

import { PASSPHRASE } from '../../rig/offices.ts';

const [home = ''] = process.argv.slice(2);
const relay = await open();
process.on('message', () => {
  void relay.close().then(() => process.disconnect());
});
// Without a parent there is nobody to work for.
process.once('disconnect', () => process.exit());
process.send?.({ ready: true });

/** As a service manager does: the broker may be down when the relay starts. */
async function open(): Promise<Relay> {
  for (;;) {
    try {
      return await openRelay({ home, passphrase: async () => PASSPHRASE });
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'BUS_CONNECT_FAILED') throw error;
      await sleep(1_000);
    }
  }
}
