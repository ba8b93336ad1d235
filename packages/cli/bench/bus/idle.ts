import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { LANES, type AgencyConnection, connectAgency, parseAgencyCode } from '@congvan/bus';
import { type LocalBus, startLocalBus } from '@congvan/bus/testing';

import type { BenchResult } from '../../../../bench/report.ts';
import { cpuMsOf } from '../chain/measure.ts';

const AGENCIES_PER_SITE = 300;
const CONNECTIONS_AT_ONCE = 50;
/** Longer than a pull waits at the broker, so that each renews itself at least once. */
const IDLE_MS = 40_000;
const SETTLE_MS = 3_000;
const MEBIBYTE = 1024 * 1024;
/** Nothing is stored: only the reservation of 50 sites must fit the disk. */
const STREAM_LIMITS = {
  inboxBytes: 8 * MEBIBYTE,
  reportBytes: 8 * MEBIBYTE,
  blobBytes: 8 * MEBIBYTE,
  replicas: 1,
} as const;

interface IdleCost {
  readonly agencies: number;
  readonly enrolledPerSecond: number;
  readonly bytesPerAgency: number;
  readonly cpuMsPerAgencyMinute: number;
}

/**
 * What agencies cost a broker that have nothing to do: two consumers each, connected, both lanes
 * pulled, in sites of at most 300.
 */
export async function measureIdle(sizes: readonly number[]): Promise<BenchResult[]> {
  const costs: IdleCost[] = [];
  for (const agencies of sizes) {
    progress(`${agencies} agencies`);
    costs.push(await measureOne(agencies));
  }
  const first = costs[0];
  return costs.flatMap(({ agencies, enrolledPerSecond, bytesPerAgency, cpuMsPerAgencyMinute }) => [
    { name: `enrolment of ${agencies} agencies`, value: enrolledPerSecond, unit: '1/s' },
    {
      name: `broker memory an agency, ${agencies} idle`,
      value: bytesPerAgency / 1024,
      unit: 'KiB',
      against: `${sizes[0]} agencies`,
      ratio: bytesPerAgency / (first?.bytesPerAgency ?? bytesPerAgency),
    },
    {
      name: `broker CPU an agency, ${agencies} idle`,
      value: cpuMsPerAgencyMinute,
      unit: 'ms/min',
      against: `${sizes[0]} agencies`,
      ratio: cpuMsPerAgencyMinute / (first?.cpuMsPerAgencyMinute ?? cpuMsPerAgencyMinute),
    },
  ]);
}

async function measureOne(agencies: number): Promise<IdleCost> {
  const siteCount = Math.ceil(agencies / AGENCIES_PER_SITE);
  const sites = Array.from({ length: siteCount }, (_, index) => `S${index + 1}`);
  await using bus = await startLocalBus({ sites, limits: STREAM_LIMITS });
  const server = bus.server().pid;
  // What the server needs without any agency is not the agencies' cost.
  await sleep(SETTLE_MS);
  const bareCpuPerMs = (await cpuMsWhileIdle(server)) / IDLE_MS;
  const bareBytes = residentBytes(server);
  const startedMs = performance.now();
  const enrolled = await enrol(bus, agencies, sites);
  const enrolMs = performance.now() - startedMs;
  const stop = new AbortController();
  const connections = await connectAll(bus, enrolled, stop.signal);
  // Pulls have to arrive, and what enrolment left behind has to be collected.
  await sleep(IDLE_MS / 2);
  const cpuMs = (await cpuMsWhileIdle(server)) - bareCpuPerMs * IDLE_MS;
  const bytes = residentBytes(server) - bareBytes;
  stop.abort();
  await Promise.all(connections.map((connection) => connection.close()));
  return {
    agencies,
    enrolledPerSecond: (agencies * 1_000) / enrolMs,
    bytesPerAgency: bytes / agencies,
    cpuMsPerAgencyMinute: (cpuMs / agencies) * (60_000 / IDLE_MS),
  };
}

async function cpuMsWhileIdle(pid: number): Promise<number> {
  const before = cpuMsOf(pid);
  await sleep(IDLE_MS);
  return cpuMsOf(pid) - before;
}

interface EnrolledAgency {
  readonly code: string;
  readonly site: string;
  readonly credentials: Uint8Array;
}

async function enrol(
  bus: LocalBus,
  agencies: number,
  sites: readonly string[],
): Promise<EnrolledAgency[]> {
  const enrolled: EnrolledAgency[] = [];
  for (let index = 0; index < agencies; index += 1) {
    const site = sites[Math.floor(index / AGENCIES_PER_SITE)] ?? '';
    const code = parseAgencyCode(`${site}.${(index % AGENCIES_PER_SITE) + 1}`);
    const name = `Ủy ban nhân dân xã ${index + 1}`;
    const { credentials } = await bus.site.enrolment.addAgency({
      code,
      name,
      tier: 'commune',
      parent: null,
      site,
      certificates: [],
    });
    enrolled.push({ code, site, credentials });
  }
  await bus.site.refresh();
  return enrolled;
}

async function connectAll(
  bus: LocalBus,
  agencies: readonly EnrolledAgency[],
  signal: AbortSignal,
): Promise<AgencyConnection[]> {
  const connections: AgencyConnection[] = [];
  for (let start = 0; start < agencies.length; start += CONNECTIONS_AT_ONCE) {
    const part = agencies.slice(start, start + CONNECTIONS_AT_ONCE);
    connections.push(
      ...(await Promise.all(
        part.map(async ({ code, site, credentials }) => {
          const connection = await connectAgency({
            servers: bus.url,
            credentials,
            code: parseAgencyCode(code),
            site,
            name: 'idle',
          });
          for (const lane of LANES) void listen(connection, lane, signal);
          return connection;
        }),
      )),
    );
  }
  return connections;
}

async function listen(
  connection: AgencyConnection,
  lane: (typeof LANES)[number],
  signal: AbortSignal,
): Promise<void> {
  for await (const batch of connection.inbox(lane, { signal })) {
    for (const message of batch) message.ack();
  }
}

function residentBytes(pid: number): number {
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(pages?.[1] ?? 0) * 1024;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}  `);
}
