import { isIP, isIPv4, isIPv6 } from 'node:net';

import { BusError } from '../../errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly loopback: boolean;
}

const ADDRESS = /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})$/;

/**
 * Reads `8443`, `127.0.0.1:8443`, `[::1]:8443` or `0.0.0.0:8443`; a port alone is on 127.0.0.1.
 *
 * @throws {@link BusError} `BUS_HTTP_FAILED`.
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, hostText = '127.0.0.1', portText = ''] = ADDRESS.exec(text) ?? [];
  const port = portText === '' ? Number.NaN : Number(portText);
  const host = hostText.replaceAll(/[[\]]/g, '');
  if (!(port <= 65_535) || (hostText.startsWith('[') && !isIPv6(host))) {
    throw httpFailed(`"${text}" is no address such as 8443 or 0.0.0.0:8443`);
  }
  return { host, port, loopback: isLoopback(host) };
}

/** Whether only programs of this machine reach it. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return isIPv4(host) ? host.startsWith('127.') : host === '::1';
}

/** The address as a browser wants it. */
export function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/**
 * By what callers are counted: an IPv4 address, or the 64 bits that a network of IPv6 is given (RFC
 * 6177 §2), in which anybody can take any address.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return address;
  const [front = '', back] = bare.split('::', 2).map((part) => part.replace(/\d+\.[\d.]+$/, '0:0'));
  const first = groupsOf(front);
  const last = back === undefined ? [] : groupsOf(back);
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

function groupsOf(part: string): string[] {
  if (part === '') return [];
  return part.split(':').map((group) => Number.parseInt(group, 16).toString(16));
}

export function httpFailed(message: string, cause?: unknown): BusError {
  return new BusError('BUS_HTTP_FAILED', message, { cause, details: {} });
}
