import { type RelayConnection, connectRelay, parseAgencyCode } from '@congvan/bus';

import type { Town } from './town.ts';

/** A broker that has been taken over: it may publish under any subject. */
export async function takeOverBroker(town: Town): Promise<RelayConnection> {
  const credentials = await town.bus.server().operator.mint({
    account: 'STORE',
    name: 'taken over',
    permissions: {
      publish: ['vb.>'],
      subscribe: ['_INBOX_relay_W99.>'],
      maxSubscriptions: -1,
      maxPayloadBytes: 1024 * 1024,
    },
    expiresAt: null,
    now: new Date(),
  });
  return await connectRelay({
    servers: [town.bus.url],
    credentials,
    code: parseAgencyCode('W99'),
    site: 'TW',
  });
}
