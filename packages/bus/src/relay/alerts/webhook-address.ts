import { type LookupAddress, type LookupAllOptions, lookup as lookUpHere } from 'node:dns';
import { BlockList, type LookupFunction, isIP, isIPv4 } from 'node:net';

import { httpFailed } from '../http/address.ts';

/** Looks a name up as the machine does, all addresses of it. */
export type LookUpAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * What no address of another machine is: IANA's special-purpose registries, and the prefixes behind
 * which a gateway of the own network could put any IPv4 address (6to4, Teredo, local NAT64).
 */
const NEVER = blockList(
  [
    '0.0.0.0/8',
    '169.254.0.0/16',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/3',
  ],
  ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
);
/** `webhooks[].privateNetwork` lets these in. */
const PRIVATE = blockList(
  ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['::1/128', 'fc00::/7'],
);
/** The only IPv6 addresses that other machines have beside private ones. */
const GLOBAL_UNICAST = blockList([], ['2000::/3']);
/** Behind the well-known prefix of RFC 6052 stands an IPv4 address, and is judged as one. */
const NAT64 = blockList([], ['64:ff9b::/96']);
const MAPPED = blockList([], ['::ffff:0:0/96']);

/** @throws {@link BusError} `BUS_HTTP_FAILED` for an address that a webhook may not reach. */
export function refuseAddress(address: string, privateNetwork: boolean): void {
  if (isAllowed(address, privateNetwork)) return;
  throw httpFailed(`webhooks: ${address} is inside the own network`);
}

/**
 * The name is looked up once, and what is looked up is what is connected to: no second answer slips
 * in. One address that is refused refuses all, whatever stands beside it.
 */
export function lookupAllowed(
  privateNetwork: boolean,
  lookUp: LookUpAll = lookUpHere,
): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      try {
        for (const { address } of addresses) refuseAddress(address, privateNetwork);
      } catch (refused) {
        return callback(refused instanceof Error ? refused : new Error('refused'), '', 0);
      }
      const [first] = addresses;
      if (options.all === true) return callback(null, addresses);
      callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

function isAllowed(address: string, privateNetwork: boolean): boolean {
  // With a zone it is of this link; what is no address is nothing to connect to.
  if (isIP(address) === 0 || address.includes('%')) return false;
  if (isIPv4(address)) {
    if (NEVER.check(address, 'ipv4')) return false;
    return privateNetwork || !PRIVATE.check(address, 'ipv4');
  }
  if (NAT64.check(address, 'ipv6') || MAPPED.check(address, 'ipv6')) {
    return isAllowed(lastIpv4(address), privateNetwork);
  }
  if (PRIVATE.check(address, 'ipv6')) return privateNetwork;
  return GLOBAL_UNICAST.check(address, 'ipv6') && !NEVER.check(address, 'ipv6');
}

/** The last 32 bits of an IPv6 address as an IPv4 address. */
function lastIpv4(address: string): string {
  // A URL writes every address in one way: pairs of bytes in hex.
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function blockList(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [networks, family] of [
    [v4, 'ipv4'],
    [v6, 'ipv6'],
  ] as const) {
    for (const network of networks) {
      const [address = '', bits = ''] = network.split('/');
      list.addSubnet(address, Number(bits), family);
    }
  }
  return list;
}
