import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import * as z from 'zod';

import { BusError } from '../errors.ts';
import { replaceFile } from '../disk/atomic-file.ts';

/** More would make every account JWT of the site longer. */
export const MAX_NETWORKS_PER_SITE = 64;

const networksFile = z.array(z.string()).max(MAX_NETWORKS_PER_SITE);

/** The networks from which the agencies of a site may connect; none: from anywhere. */
export interface NetworkList {
  list(): Promise<string[]>;
  /** @throws {@link BusError} `BUS_NETWORK_INVALID`. */
  replace(networks: readonly string[]): Promise<void>;
}

export function openNetworks(path: string): NetworkList {
  return {
    list: async () => {
      const content = await readFile(path, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '[]';
        throw error;
      });
      // A list that cannot be read must not open the site to everybody.
      return checkNetworks(networksFile.parse(JSON.parse(content)));
    },
    replace: async (networks) =>
      await replaceFile(path, `${JSON.stringify(checkNetworks(networks))}\n`, 0o600),
  };
}

function checkNetworks(networks: readonly string[]): string[] {
  if (networks.length > MAX_NETWORKS_PER_SITE) {
    throw invalidNetwork(`${networks.length} networks, at most ${MAX_NETWORKS_PER_SITE} per site`);
  }
  for (const network of networks) {
    if (!isNetwork(network)) {
      const quoted = JSON.stringify(network.slice(0, 60));
      throw invalidNetwork(`${quoted} is not a network such as 10.1.0.0/16 or 2001:db8::/32`);
    }
  }
  return [...networks];
}

export function isNetwork(text: string): boolean {
  const [address = '', bits = '', more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined || !/^(?:0|[1-9][0-9]{0,2})$/.test(bits)) return false;
  return !address.includes('%') && Number(bits) <= (version === 4 ? 32 : 128);
}

function invalidNetwork(message: string): BusError {
  return new BusError('BUS_NETWORK_INVALID', message, { details: {} });
}
