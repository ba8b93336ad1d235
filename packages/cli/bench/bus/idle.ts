import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { parseAgencyCode } from '@congvan/bus';
import { type LocalBus, startLocalBus } from '@congvan/bus/testing';

import type { BenchResult } from '../../../../bench/report.ts';
import { cpuMsOf } from '../chain/measure.ts';
import type { IdleAgency, IdleTold } from './idle-agencies.ts';

const AGENCIES = fileURLToPath(new URL('idle-agencies.ts', import.meta.url));
const AGENCIES_PER_SITE = 300;
const AGENCIES_PER_PROCESS = 3_000;
const TELL_EVERY = 500;
/** As long as a pull waits at the broker, so that each renews itself once. */
const IDLE_MS = 30_000;
/** The server collects its garbage every two minutes: the middle one of these has none of it. */
const IDLE_WINDOWS = 3;
const BARE_SETTLE_MS = 3_000;
const SETTLE_MS = 20_000;
const MEBIBYTE = 1024 * 1024;
/** Nothing is stored: only the reservation of 50 sites must fit the disk. */
const STREAM_LIMITS = {
  inboxBytes: 8 * MEBIBYTE,
  reportBytes: 8 * MEBIBYTE,
  blobBytes: 8 * MEBIBYTE,
  replicas: 1,
} as const;

export interface IdleOptions {
  readonly sizes: readonly number[];
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

interface IdleCost {
  readonly agencies: number;
  readonly enrolledPerSecond: number;
  /** Processor time of the server and of the site service in this process, an agency. */
  readonly enrolment: { readonly serverMs: number; readonly serviceMs: number };
  readonly bytesPerAgency: number;
  readonly cpuMsPerAgencyMinute: number;
}

/**
 * What agencies cost a broker that have nothing to do: two consumers each, connected, both lanes
 * pulled, in sites of at most 300.
 */
export async function measureIdle({ sizes, tell, signal }: IdleOptions): Promise<BenchResult[]> {
  const costs: IdleCost[] = [];
  for (const agencies of sizes) costs.push(await measureOne(agencies, tell, signal));
  const [first] = costs;
  return first === undefined ? [] : costs.flatMap((cost) => toResults(cost, first));
}

function toResults(cost: IdleCost, first: IdleCost): BenchResult[] {
  const { agencies, enrolment, bytesPerAgency, cpuMsPerAgencyMinute } = cost;
  const against = `${first.agencies} agencies`;
  return [
    { name: `enrolment of ${agencies} agencies`, value: cost.enrolledPerSecond, unit: '1/s' },
    {
      name: `broker CPU an enrolment, ${agencies} agencies`,
      value: enrolment.serverMs,
      unit: 'ms',
      against,
      ratio: enrolment.serverMs / first.enrolment.serverMs,
    },
    {
      name: `site service CPU an enrolment, ${agencies} agencies`,
      value: enrolment.serviceMs,
      unit: 'ms',
      against,
      ratio: enrolment.serviceMs / first.enrolment.serviceMs,
    },
    {
      name: `broker memory an agency, ${agencies} idle`,
      value: bytesPerAgency / 1024,
      unit: 'KiB',
      against,
      ratio: bytesPerAgency / first.bytesPerAgency,
    },
    {
      name: `broker CPU an agency, ${agencies} idle`,
      value: cpuMsPerAgencyMinute,
      unit: 'ms/min',
      against,
      ratio: cpuMsPerAgencyMinute / first.cpuMsPerAgencyMinute,
    },
  ];
}

async function measureOne(
  agencies: number,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<IdleCost> {
  const siteCount = Math.ceil(agencies / AGENCIES_PER_SITE);
  const sites = Array.from({ length: siteCount }, (_, index) => `S${index + 1}`);
  await using bus = await startLocalBus({ sites, limits: STREAM_LIMITS });
  const server = bus.server().pid;
  const idleCpuMs = async (): Promise<number> => {
    const before = cpuMsOf(server);
    await sleep(IDLE_MS, undefined, { signal });
    return cpuMsOf(server) - before;
  };
  // What the server needs without any agency is not the agencies' cost.
  tell(`${agencies} agencies: the server alone for ${IDLE_MS / 1_000} s`);
  await sleep(BARE_SETTLE_MS, undefined, { signal });
  const bareCpuMs = await idleCpuMs();
  const bareBytes = residentBytes(server);
  const startedMs = performance.now();
  const before = { server: cpuMsOf(server), service: process.cpuUsage() };
  const enrolled = await enrol(bus, agencies, sites, tell, signal);
  const enrolMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before.service);
  const serverCpuMs = cpuMsOf(server) - before.server;
  await using _connected = await connectAll(bus.url, enrolled, tell, signal);
  // Pulls have to arrive, and what enrolment left behind has to be collected.
  tell(`${agencies} agencies: all idle for ${(SETTLE_MS + IDLE_WINDOWS * IDLE_MS) / 1_000} s`);
  await sleep(SETTLE_MS, undefined, { signal });
  const windowsMs: number[] = [];
  for (let window = 0; window < IDLE_WINDOWS; window += 1) windowsMs.push(await idleCpuMs());
  const cpuMs = medianOf(windowsMs) - bareCpuMs;
  const bytes = residentBytes(server) - bareBytes;
  return {
    agencies,
    enrolledPerSecond: (agencies * 1_000) / enrolMs,
    enrolment: {
      serverMs: serverCpuMs / agencies,
      serviceMs: (user + system) / 1_000 / agencies,
    },
    bytesPerAgency: bytes / agencies,
    cpuMsPerAgencyMinute: (cpuMs / agencies) * (60_000 / IDLE_MS),
  };
}

async function enrol(
  bus: LocalBus,
  agencies: number,
  sites: readonly string[],
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<IdleAgency[]> {
  const enrolled: IdleAgency[] = [];
  for (let index = 0; index < agencies; index += 1) {
    signal.throwIfAborted();
    if (index % TELL_EVERY === 0) tell(`${index} of ${agencies} agencies enrolled`);
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
    enrolled.push({ code, site, credentials: new TextDecoder().decode(credentials) });
  }
  await bus.site.refresh();
  return enrolled;
}

/** Several processes: one alone would be the slower end of all these lines. */
async function connectAll(
  url: string,
  agencies: readonly IdleAgency[],
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const counts: number[] = [];
  const hold = async (part: readonly IdleAgency[], index: number): Promise<void> => {
    const child = fork(AGENCIES, [url]);
    const exited = once(child, 'exit');
    started.defer(async () => {
      if (child.connected) child.disconnect();
      await exited;
    });
    child.send({ agencies: part });
    for await (const [message] of on(child, 'message', { signal, close: ['exit'] })) {
      const told = message as IdleTold;
      if ('failed' in told) throw new Error(told.failed);
      counts[index] = told.connected;
      const all = counts.reduce((sum, count) => sum + count, 0);
      if (all % TELL_EVERY === 0) tell(`${all} of ${agencies.length} agencies connected`);
      if (told.connected === part.length) return;
    }
    throw new Error('a process with idle agencies has ended');
  };
  const parts: Promise<void>[] = [];
  for (let start = 0; start < agencies.length; start += AGENCIES_PER_PROCESS) {
    const part = agencies.slice(start, start + AGENCIES_PER_PROCESS);
    counts.push(0);
    parts.push(hold(part, parts.length));
  }
  await Promise.all(parts);
  return started.move();
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function residentBytes(pid: number): number {
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(pages?.[1] ?? 0) * 1024;
}
