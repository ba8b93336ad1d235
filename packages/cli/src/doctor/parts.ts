import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import type { Agent } from '@congvan/node-agent';
import type { Certificate, CertificateList } from '@congvan/signer';

import type { Cli } from '../context.ts';
import type { HomeLayout } from '../home/layout.ts';
import { pathExists } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';
import { describeFailure } from '../failure.ts';
import { formatTime } from '../terminal/time.ts';
import { type Check, fail, ok, skip, warn } from './check.ts';

const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 30;
const CONNECT_TIMEOUT_MS = 3_000;

export async function checkBus(cli: Cli, layout: HomeLayout): Promise<Check> {
  const { doctor, failures } = cli.messages;
  if (!(await pathExists(layout.bus))) return skip('bus', doctor.notHere);
  const { findLocalServer } = await import('@congvan/bus');
  const server = await findLocalServer(layout.bus);
  return server === undefined
    ? fail('bus', doctor.doesNotRun, failures.startBus.hint)
    : ok('bus', `${server.url} (nats-server ${server.version})`);
}

/** The lists of the other sites, where any are believed here. */
export async function checkSiteLists(cli: Cli, layout: HomeLayout): Promise<Check[]> {
  const anchors = await readdir(join(layout.site, 'trust', 'anchors')).catch(() => []);
  return anchors.length === 0 ? [] : [await checkCrls(cli, layout.site)];
}

export async function checkRelay(cli: Cli, layout: HomeLayout): Promise<Check> {
  if (!(await pathExists(layout.relay))) return skip('relay', cli.messages.doctor.notHere);
  const { readRelayConfig } = await import('@congvan/bus/relay');
  try {
    const config = await readRelayConfig(layout.relay);
    return ok('relay', `${config.code} ${config.name}`);
  } catch (error) {
    const { message, hint } = describeFailure(error, cli.messages);
    return fail('relay', message, hint);
  }
}

/** All that one agency needs: folder, keys, credentials, revocation lists, server, agent. */
export async function checkAgency(
  cli: Cli,
  folder: string,
  passphrases: Passphrases | undefined,
): Promise<Check[]> {
  const { openAgent } = await import('@congvan/node-agent');
  let agent: Agent;
  try {
    agent = await openAgent({ home: folder, mode: 'desk', now: cli.now });
  } catch (error) {
    const { message, hint } = describeFailure(error, cli.messages);
    return [fail('agency', message, hint)];
  }
  await using opened = agent;
  const { code, name, servers } = opened.config;
  const checks = [
    ok('agency', name),
    ...(await checkKeys(cli, folder, passphrases)),
    await checkCredentials(cli, folder),
    await checkCrls(cli, folder),
    ...(await Promise.all(servers.map(async (server) => await checkServer(cli, server)))),
    checkAgentRuns(cli, opened),
  ];
  return checks.map((check) => ({ ...check, agency: code }));
}

function checkAgentRuns(cli: Cli, agent: Agent): Check {
  const { doctor, text } = cli.messages;
  if (!agent.status().running) return warn('agent', doctor.doesNotRun, text.runAgent);
  const { outbox } = agent.status();
  if (outbox.undelivered === 0) return ok('agent', doctor.runs);
  return warn('agent', doctor.undelivered(outbox.undelivered), doctor.lookOutbox);
}

async function checkKeys(
  cli: Cli,
  folder: string,
  passphrases: Passphrases | undefined,
): Promise<Check[]> {
  const { doctor, text } = cli.messages;
  if (passphrases === undefined) return [skip('keys', doctor.noPassphrase)];
  const { openPkcs12, openPkcs12Decryptor } = await import('@congvan/signer');
  const checks: Check[] = [];
  for (const use of ['node', 'seal', 'encryption', 'tls'] as const) {
    const path = join(folder, 'keys', `${use}.p12`);
    if (!(await pathExists(path))) continue;
    try {
      const kind = use === 'node' || use === 'tls' ? 'general' : use;
      const passphrase = await passphrases.get(kind, text[`${use}Key`]);
      const open = use === 'encryption' ? openPkcs12Decryptor : openPkcs12;
      checks.push(checkExpiry(cli, use, open(await readFile(path), passphrase).certificate));
    } catch (error) {
      const { message, hint } = describeFailure(error, cli.messages);
      checks.push(fail('keys', `${use}: ${message}`, hint));
    }
  }
  return checks;
}

function checkExpiry(cli: Cli, use: string, certificate: Certificate): Check {
  const { doctor } = cli.messages;
  const left = (certificate.notAfter.getTime() - cli.now().getTime()) / DAY_MS;
  const detail = `${use}: ${doctor.validUntil(formatTime(certificate.notAfter))}`;
  if (left < 0) return fail('keys', detail, doctor.renewCertificate);
  return left < EXPIRY_WARNING_DAYS
    ? warn('keys', detail, doctor.renewCertificate)
    : ok('keys', detail);
}

/** The expiry stands in the user JWT, the first block of a NATS credentials file. */
async function checkCredentials(cli: Cli, folder: string): Promise<Check> {
  const { doctor } = cli.messages;
  const path = join(folder, 'credentials', 'agent.creds');
  const content = await readFile(path, 'utf8').catch(() => '');
  const claims = /^[\w-]+\.([\w-]+)\.[\w-]+$/mu.exec(content)?.[1];
  if (claims === undefined)
    return fail('credentials', doctor.unreadable(path), doctor.renewCredentials);
  const until = readExpiry(claims);
  if (until === undefined) return ok('credentials', doctor.noExpiry);
  const detail = doctor.validUntil(formatTime(until));
  const left = (until.getTime() - cli.now().getTime()) / DAY_MS;
  if (left < 0) return fail('credentials', detail, doctor.renewCredentials);
  return left < EXPIRY_WARNING_DAYS
    ? warn('credentials', detail, doctor.renewCredentials)
    : ok('credentials', detail);
}

function readExpiry(claims: string): Date | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('exp' in parsed)) return undefined;
    return typeof parsed.exp === 'number' ? new Date(parsed.exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}

async function checkCrls(cli: Cli, folder: string): Promise<Check> {
  const { doctor } = cli.messages;
  const { endsOfLists, parseCrl } = await import('@congvan/signer');
  const crls = join(folder, 'trust', 'crls');
  const names = await readdir(crls).catch(() => []);
  const lists: CertificateList[] = [];
  for (const name of names.filter((file) => file.endsWith('.crl'))) {
    try {
      lists.push(parseCrl(await readFile(join(crls, name))));
    } catch {
      return fail('crl', doctor.unreadable(join(crls, name)), doctor.renewCrl);
    }
  }
  const [first] = endsOfLists(lists);
  if (first === undefined) return warn('crl', doctor.noCrl, doctor.renewCrl);
  const detail = doctor.validUntil(formatTime(first.endsAt));
  return first.endsAt < cli.now() ? warn('crl', detail, doctor.renewCrl) : ok('crl', detail);
}

async function checkServer(cli: Cli, server: string): Promise<Check> {
  const { doctor, failures } = cli.messages;
  const address = URL.parse(server.includes('://') ? server : `nats://${server}`);
  if (address === null) return fail('bus', server, doctor.wrongAddress);
  const reached = await reach(address.hostname, Number(address.port || 4222));
  return reached
    ? ok('bus', doctor.reached(server))
    : fail('bus', doctor.notReached(server), failures.startBus.hint);
}

function reach(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const settle = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
}
