import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';

import { type Connection, openConnection } from '../../src/broker/connection.ts';
import { listHeads } from '../../src/broker/stream-follower.ts';
import { inboxPrefix } from '../../src/permission/user.ts';
import { startPlan } from '../../src/testing/start-plan.ts';

const STREAM = 'AGED';

/** The manager of this connection, for which `between` happens once a reader has been made. */
function afterReader(manager: JetStreamManager, between: () => Promise<unknown>): JetStreamManager {
  let isDone = false;
  const consumers = new Proxy(manager.consumers, {
    get(target, name) {
      if (name !== 'add') return Reflect.get(target, name) as unknown;
      return async (...args: Parameters<typeof target.add>) => {
        const made = await target.add(...args);
        if (!isDone) await between();
        isDone = true;
        return made;
      };
    },
  });
  return { ...manager, streams: manager.streams, consumers };
}

it('tells what a stream holds although what it had counted goes before it is read', async () => {
  await using bus = await startPlan({ plan: 'flat', sites: ['H09'], centralServers: 1 });
  const connection: Connection = await openConnection(
    {
      servers: bus.url('H09'),
      credentials: await bus.operator('bus').mint({
        account: 'STORE',
        name: 'administrator',
        permissions: 'all',
        expiresAt: null,
        now: new Date(),
      }),
    },
    'administrator',
    inboxPrefix('administrator'),
  );
  try {
    const manager = await jetstreamManager(connection.nats, { checkAPI: false });
    await manager.streams.add({ name: STREAM, subjects: ['aged.*'] });
    const write = async (subject: string) => await connection.nats.request(subject, 'x');
    await write('aged.1');
    await write('aged.2');
    const purge = (filter: string) => async () => await manager.streams.purge(STREAM, { filter });
    const list = async (filter: string) =>
      (await listHeads(connection, afterReader(manager, purge(filter)), { stream: STREAM })).map(
        ({ subject }) => subject,
      );
    // The last one goes: the one before it does not say that it is the last.
    expect(await list('aged.2')).toEqual(['aged.1']);
    // All of it goes.
    expect(await list('aged.1')).toEqual([]);
  } finally {
    await connection.close();
  }
});
