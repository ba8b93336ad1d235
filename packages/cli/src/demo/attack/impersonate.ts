import { readFile } from 'node:fs/promises';

import {
  BusError,
  connectAgency,
  type LocalServer,
  parseAgencyCode,
  parseSite,
} from '@congvan/bus';
import { layoutOf } from '@congvan/node-agent';

import { CliError } from '../../errors.ts';
import { castAgency } from '../agencies.ts';
import { claimedSubject } from './claimed-subject.ts';

/**
 * An agency tries to put a message on the bus in another one's name, with the credentials it has.
 *
 * @throws {@link CliError} `CLI_DEMO_FAILED` when the broker lets it.
 */
export async function tryToImpersonate(input: {
  readonly server: LocalServer;
  readonly agentHome: string;
  readonly from: string;
  readonly claims: string;
  readonly to: string;
}): Promise<void> {
  const own = castAgency(input.from);
  const claimed = castAgency(input.claims);
  const victim = castAgency(input.to);
  await using connection = await connectAgency({
    servers: input.server.url,
    credentials: await readFile(layoutOf(input.agentHome).credentials),
    code: parseAgencyCode(own.code),
    site: parseSite(own.site),
    name: 'impersonation',
  });
  const subject = claimedSubject(claimed, victim);
  try {
    const data = new TextEncoder().encode('impersonation');
    await connection.publish(subject, data, { messageId: 'impersonation', timeoutMs: 2_000 });
  } catch (error) {
    if (error instanceof BusError && error.code === 'BUS_PUBLISH_REFUSED') return;
    throw error;
  }
  throw new CliError('CLI_DEMO_FAILED', `the broker let ${own.code} send as ${claimed.code}`);
}
