import { statfs } from 'node:fs/promises';

import { type JetStreamState, type ServerMonitor, openMonitor } from '../broker/server-monitor.ts';
import { BusError } from '../errors.ts';
import type { LocalOperator } from '../operator/operator.ts';
import { mintMonitorCredentials } from '../operator/push.ts';
import type { Place, PlanServer } from './bus-plan.ts';
import { judgeJetStream } from './cluster-health.ts';
import { type HealthFinding, diskElsewhere, judgeClock, judgeDisk, judgeExpiry } from './health.ts';
import { lookAtAccounts } from './inspect-accounts.ts';
import type { InspectOptions } from './inspect.ts';
import { readServerCertificate } from './server-certificate.ts';

const CERTIFICATE_TIMEOUT_MS = 5_000;

export interface ServerLook {
  /** `undefined`: it said nothing of it; `null`: it runs without. */
  readonly jetStream: JetStreamState | null | undefined;
  readonly findings: readonly HealthFinding[];
}

/** Looks at one server that lets us in: its clock and store, and closely at its certificate, accounts and disk. */
export async function lookAtServer(
  place: Place,
  server: PlanServer,
  operator: LocalOperator,
  options: Pick<InspectOptions, 'plan' | 'now' | 'tls' | 'thorough'>,
): Promise<ServerLook> {
  const { plan, now, tls, thorough = false } = options;
  const findings: HealthFinding[] = [];
  if (thorough && plan.tls !== null) findings.push(await lookAtCertificate(place, server, now()));
  let jetStream: JetStreamState | null | undefined;
  try {
    await using monitor = await openMonitor({
      servers: `nats://${server.host}:${server.clientPort}`,
      credentials: await mintMonitorCredentials(operator, now()),
      ...(tls === undefined ? {} : { tls }),
    });
    jetStream = await lookAtJetStream(place, server, monitor, now, findings);
    if (thorough) findings.push(...(await lookAtAccounts(place, server, operator, monitor)));
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    const values = { reason: error.message };
    const about = { place: place.id, about: server.name, values };
    findings.push({ code: 'server-unread', state: 'warn', ...about });
  }
  if (thorough) findings.push(await lookAtDisk(place, server, jetStream));
  return { jetStream, findings };
}

async function lookAtJetStream(
  place: Place,
  { name }: PlanServer,
  monitor: ServerMonitor,
  now: () => Date,
  findings: HealthFinding[],
): Promise<JetStreamState | null> {
  const { clockDifferenceMs, jetStream } = await monitor.state(now);
  findings.push(judgeClock(place.id, name, clockDifferenceMs));
  findings.push(judgeJetStream(place.id, name, jetStream));
  return jetStream;
}

async function lookAtCertificate(
  place: Place,
  server: PlanServer,
  now: Date,
): Promise<HealthFinding> {
  const { host, clientPort, name: about } = server;
  const expiresAt = await readServerCertificate(host, clientPort, CERTIFICATE_TIMEOUT_MS);
  if (expiresAt !== undefined) {
    return judgeExpiry('certificate', place.id, about, expiresAt, now);
  }
  return { code: 'certificate-unread', state: 'warn', place: place.id, about, values: {} };
}

/** The disk of a server that stands on this machine; another is named. */
async function lookAtDisk(
  place: Place,
  { name, dataFolder, storeBytes }: PlanServer,
  jetStream: JetStreamState | null | undefined,
): Promise<HealthFinding> {
  const disk = await statfs(dataFolder).catch(() => undefined);
  if (disk === undefined) return diskElsewhere(place.id, name, { dataFolder, storeBytes });
  return judgeDisk(place.id, name, {
    totalBytes: disk.blocks * disk.bsize,
    freeBytes: disk.bavail * disk.bsize,
    storeBytes,
    // Of one that does not say what it has taken nobody knows what it still may.
    usedByStoreBytes: jetStream?.usedBytes ?? storeBytes,
  });
}
