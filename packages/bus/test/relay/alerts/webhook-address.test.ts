import { once } from 'node:events';
import { type Server, createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';

import { describe, expect, it } from 'vitest';

import { type LookUpAll, refuseAddress } from '../../../src/relay/alerts/webhook-address.ts';
import { type Webhook, Webhooks } from '../../../src/relay/alerts/webhook.ts';
import { AlertStore } from '../../../src/relay/storage/alert-store.ts';
import { RelayDatabase } from '../relay-database.ts';

function isRefused(address: string, privateNetwork: boolean): boolean {
  try {
    refuseAddress(address, privateNetwork);
    return false;
  } catch {
    return true;
  }
}

describe('an address that a webhook may reach', () => {
  it.each([
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    // IPv4-compatible, and translated by a gateway of the own network: NAT64, 6to4, Teredo.
    '::169.254.169.254',
    '::ffff:0:169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::10.0.0.1',
    '64:ff9b:1:ffff::1',
    '2002:a9fe:a9fe::1',
    '2002:808:808::1',
    '2001::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:db8::1',
    'example.org',
    '',
  ])('%s is none, in the own network or out of it', (address) => {
    expect([isRefused(address, false), isRefused(address, true)]).toEqual([true, true]);
  });

  it.each([
    '10.0.0.1',
    '127.0.0.1',
    '100.64.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
  ])('%s is one where the own network is wanted', (address) => {
    expect([isRefused(address, false), isRefused(address, true)]).toEqual([true, false]);
  });

  it.each([
    '8.8.8.8',
    '172.32.0.1',
    '2606:4700::1111',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('%s is one', (address) => {
    expect([isRefused(address, false), isRefused(address, true)]).toEqual([false, false]);
  });
});

/** A name whose answer changes with each question. */
function rebinding(answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const lookUp: LookUpAll = (hostname, _options, callback) => {
    const addresses = answers[asked.length] ?? answers.at(-1) ?? [];
    asked.push(hostname);
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    callback(null, found);
  };
  return { asked, lookUp };
}

/** Counts who connects, whatever they say then. */
async function openListener() {
  const seen = { connections: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return { seen, port, [Symbol.asyncDispose]: async () => void server.close() };
}

async function sendOnce(hook: Webhook, lookUp?: LookUpAll): Promise<number | undefined> {
  using database = new RelayDatabase();
  const store = new AlertStore(database.db);
  const webhooks = new Webhooks({
    store,
    hooks: [hook],
    relay: 'G01.99',
    now: () => new Date(0),
    log: () => undefined,
    ...(lookUp === undefined ? {} : { lookUp }),
  });
  store.addMessage(hook.url, '{}', 0, 10);
  await webhooks.send();
  await webhooks.close();
  return store.firstMessage(hook.url)?.tryCount;
}

describe('a webhook', () => {
  it('connects to the address that was judged, and asks for no second one', async () => {
    await using listener = await openListener();
    const url = `https://hooks.example.vn:${listener.port}/`;
    const hook = { url, secret: 'secret', privateNetwork: false };

    const inside = rebinding([['127.0.0.1']]);
    expect(await sendOnce(hook, inside.lookUp)).toBe(1);
    // One good address beside a bad one is how a name gets past a check of the first.
    const mixed = rebinding([['127.0.0.1', '169.254.169.254']]);
    await sendOnce({ ...hook, privateNetwork: true }, mixed.lookUp);
    expect(listener.seen.connections).toBe(0);

    const changing = rebinding([['127.0.0.1'], ['169.254.169.254']]);
    await sendOnce({ ...hook, privateNetwork: true }, changing.lookUp);
    expect(changing.asked).toEqual(['hooks.example.vn']);
    expect(listener.seen.connections).toBe(1);
  });

  it('is not led elsewhere by a redirect', async () => {
    const calls = new Map<string, number>();
    const open = async (name: string, location?: string): Promise<Server> => {
      const server = createHttpServer((_request, response) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        response.writeHead(307, location === undefined ? {} : { location }).end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    };
    const urlOf = (server: Server): string => {
      const bound = server.address();
      return `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/`;
    };
    const target = await open('target');
    const first = await open('first', urlOf(target));
    const hook = { url: urlOf(first), secret: 'secret', privateNetwork: true };
    expect(await sendOnce(hook)).toBe(1);
    expect([...calls]).toEqual([['first', 1]]);
    target.close();
    first.close();
  });
});
