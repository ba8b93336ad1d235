import { X509Certificate } from 'node:crypto';
import { type Socket, connect as connectTcp, isIP } from 'node:net';
import {
  type DetailedPeerCertificate,
  type TLSSocket,
  checkServerIdentity,
  connect as connectTls,
} from 'node:tls';

import type { BusErrorDetails } from '../errors.ts';
import { type TlsMaterial, tlsOptions } from './tls-material.ts';

/** What is wrong with a certificate so that no TLS connection comes about. */
export type TlsFault =
  /** All holds but the time: by this clock the server's certificate does not begin before `atMs`. */
  | { readonly kind: 'server-not-yet-valid'; readonly atMs: number }
  /** All holds but the time: the server's certificate ended at `atMs`. */
  | { readonly kind: 'server-expired'; readonly atMs: number }
  /** Not from our authorities, or made out to another name. */
  | { readonly kind: 'server-untrusted'; readonly reason: string }
  /** The server does not take this client's certificate, or wants one where there is none. */
  | { readonly kind: 'client-refused'; readonly reason: string };

/** How long one look takes at most. */
const LOOK_MS = 6_000;
/** A refused client hears of it one round trip after its side of the handshake. */
const AFTER_HANDSHAKE_MS = 2_000;
/** So many servers of one address list are looked at. */
const MAX_SERVERS = 8;
const MAX_INFO_BYTES = 64 * 1024;
const MAX_CHAIN = 8;
const MAX_REASON_LENGTH = 120;
const DEFAULT_PORT = 4222;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu;
/** OpenSSL puts the name of an alert at the end of the code. */
const ALERT = /_ALERT_([A-Z_]+)$/u;
const ABOUT_CERTIFICATES = /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/u;

/**
 * Looks whether certificates are what keeps us from a broker.
 *
 * The client does not tell: while it reconnects it keeps the reasons to itself, and in TLS 1.3 a
 * server refuses a client after the client's side of the handshake is done, which shows as silence.
 * So one handshake is made apart, with the same certificates, and nothing is said over it.
 *
 * @returns `undefined` when a server takes the handshake, or none answers at all.
 */
export async function findTlsFault(
  servers: readonly string[],
  material: TlsMaterial,
  nowMs: number,
): Promise<TlsFault | undefined> {
  const looks = servers.slice(0, MAX_SERVERS).map(async (url) => await look(url, material, nowMs));
  const seen = await Promise.all(looks);
  if (seen.includes('fine')) return undefined;
  return seen.find((one) => typeof one === 'object');
}

/** `none`: no answer, or one that says nothing about certificates. */
type Look = TlsFault | 'fine' | 'none';

async function look(url: string, material: TlsMaterial, nowMs: number): Promise<Look> {
  const target = readTarget(url);
  if (target === undefined) return 'none';
  const { hostname, port } = target;
  const plain = connectTcp(port, hostname);
  const name = isIP(hostname) === 0 ? hostname : '';
  const sockets: Socket[] = [plain];
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, LOOK_MS);
  try {
    if (!(await readInfo(plain))) return 'none';
    const options = { ...tlsOptions(material), socket: plain, servername: name };
    const secured = connectTls({ ...options, rejectUnauthorized: false });
    sockets.push(secured);
    return await judge(secured, material, name, nowMs);
  } catch {
    return 'none'; // certificates of our own that cannot be read, say
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
  }
}

function readTarget(url: string): { hostname: string; port: number } | undefined {
  try {
    const { hostname, port } = new URL(url.includes('://') ? url : `nats://${url}`);
    const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    return { hostname: bare, port: port === '' ? DEFAULT_PORT : Number(port) };
  } catch {
    return undefined;
  }
}

/** A server speaks first, in the open: one line, after which TLS begins. */
async function readInfo(socket: Socket): Promise<boolean> {
  return await new Promise((resolve) => {
    let text = '';
    const finish = (isThere: boolean): void => {
      socket.removeListener('data', take);
      socket.pause();
      resolve(isThere);
    };
    const take = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      if (text.includes('\n')) finish(text.startsWith('INFO '));
      else if (text.length > MAX_INFO_BYTES) finish(false);
    };
    socket.on('data', take);
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
  });
}

/**
 * Follows a handshake to its end and a moment further. It goes through with any certificate, so that
 * one can be looked at; as nothing is said over it, nothing depends on whether it is a true one.
 */
async function judge(
  socket: TLSSocket,
  material: TlsMaterial,
  name: string,
  nowMs: number,
): Promise<Look> {
  return await new Promise((resolve) => {
    let isThrough = false;
    let timer: NodeJS.Timeout | undefined;
    const finish = (found: Look): void => {
      clearTimeout(timer);
      // OpenSSL is still at work when it reports; a socket taken from under it ends the process.
      setImmediate(() => resolve(found));
    };
    socket.on('secureConnect', () => {
      isThrough = true;
      if (socket.authorized) timer = setTimeout(() => finish('fine'), AFTER_HANDSHAKE_MS);
      else finish(judgeServer(socket, material, name, nowMs));
    });
    socket.on('error', (error: Error) => finish(judgeAlert(error) ?? 'none'));
    socket.on('close', () => finish(isThrough ? 'fine' : 'none'));
  });
}

function judgeServer(
  socket: TLSSocket,
  material: TlsMaterial,
  name: string,
  nowMs: number,
): TlsFault {
  // Not an error, as declared: its code.
  const reason = String(socket.authorizationError).slice(0, MAX_REASON_LENGTH);
  try {
    const isOfTime = reason === 'CERT_NOT_YET_VALID' || reason === 'CERT_HAS_EXPIRED';
    if (isOfTime) return judgeTime(socket.getPeerCertificate(true), material, name, nowMs);
  } catch {
    // A certificate that cannot be read is not trusted.
  }
  return { kind: 'server-untrusted', reason };
}

/** A stranger's certificate has a time, too: it must not tell us that our clock is wrong. */
function judgeTime(
  leaf: DetailedPeerCertificate,
  { ca }: TlsMaterial,
  name: string,
  nowMs: number,
): TlsFault {
  const chain = genuineChain(leaf, ca);
  if (chain === undefined) return { kind: 'server-untrusted', reason: 'UNKNOWN_AUTHORITY' };
  // Node's own check stops at the time.
  const other = checkServerIdentity(name === '' ? 'localhost' : name, leaf);
  if (other !== undefined) {
    return { kind: 'server-untrusted', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' };
  }
  const beginsMs = Math.max(...chain.map(({ validFromDate }) => validFromDate.getTime()));
  if (beginsMs > nowMs) return { kind: 'server-not-yet-valid', atMs: beginsMs };
  const endsMs = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()));
  return { kind: 'server-expired', atMs: endsMs };
}

/** From the server's certificate to one of ours, each signed by the next; times are not looked at. */
function genuineChain(
  leaf: DetailedPeerCertificate,
  ca: readonly string[],
): readonly X509Certificate[] | undefined {
  const anchors = [...ca.join('\n').matchAll(PEM)].map(([pem]) => new X509Certificate(pem));
  const chain: X509Certificate[] = [];
  for (let presented = leaf; chain.length < MAX_CHAIN; presented = presented.issuerCertificate) {
    const current = new X509Certificate(presented.raw);
    const issued = chain.at(-1);
    if (issued !== undefined && !isIssuer(current, issued)) return undefined;
    chain.push(current);
    const anchor = anchors.find((one) => isIssuer(one, current));
    if (anchor !== undefined) return [...chain, anchor];
    // One that issued itself, or whose issuer was not sent.
    if (presented.issuerCertificate === presented || !('issuerCertificate' in presented)) break;
  }
  return undefined;
}

function isIssuer(issuer: X509Certificate, issued: X509Certificate): boolean {
  return issuer.ca && issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}

/** @returns `undefined` for what says nothing about this client's certificate. */
function judgeAlert(error: Error): TlsFault | undefined {
  const code = 'code' in error ? String(error.code) : '';
  const [, alert = ''] = ALERT.exec(code) ?? [];
  if (!ABOUT_CERTIFICATES.test(alert)) return undefined;
  return { kind: 'client-refused', reason: alert.slice(0, MAX_REASON_LENGTH) };
}

/** As it stands in the details of `BUS_CONNECT_FAILED`. */
export function detailsOfFault(fault: TlsFault | undefined): BusErrorDetails {
  if (fault === undefined) return {};
  return 'atMs' in fault
    ? { tlsFault: fault.kind, tlsAtMs: fault.atMs }
    : { tlsFault: fault.kind, tlsReason: fault.reason };
}

/** What {@link detailsOfFault} wrote. */
export function tlsFaultOf(details: BusErrorDetails): TlsFault | undefined {
  const atMs = Number(details['tlsAtMs']);
  const reason = String(details['tlsReason']);
  switch (details['tlsFault']) {
    case 'server-not-yet-valid':
      return { kind: 'server-not-yet-valid', atMs };
    case 'server-expired':
      return { kind: 'server-expired', atMs };
    case 'server-untrusted':
      return { kind: 'server-untrusted', reason };
    case 'client-refused':
      return { kind: 'client-refused', reason };
    default:
      return undefined;
  }
}

/** For a person who reads the message of an error. */
export function describeFault(fault: TlsFault): string {
  switch (fault.kind) {
    case 'server-not-yet-valid':
      return `its certificate begins ${isoOf(fault.atMs)}, which this clock has not reached`;
    case 'server-expired':
      return `its certificate ended ${isoOf(fault.atMs)}`;
    case 'server-untrusted':
      return `its certificate is not trusted (${fault.reason})`;
    case 'client-refused':
      return `it refuses this client's certificate (${fault.reason})`;
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
