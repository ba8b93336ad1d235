import { openRelayReader } from '@congvan/bus/relay';
import { type Agent, openAgent } from '@congvan/node-agent';

import { type LedgerLine, readLedger } from './ledger.ts';

/** An office after the campaign: its folder and what its own software has seen. */
export interface Witness {
  readonly code: string;
  readonly home: string;
  readonly ledger: string;
}

export interface RelayWitness {
  readonly code: string;
  readonly home: string;
  /** The site it sees; left out: all. */
  readonly agencies: readonly string[];
}

/** A delivery that did not come to its end. */
export interface Missing {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** What the campaign came to; every number but the first four must be 0. */
export interface Verdict {
  readonly documents: number;
  readonly deliveries: number;
  readonly handedOver: number;
  readonly reports: number;
  /** Promised by a sender and in no inbox. */
  readonly lost: number;
  /** In an inbox without a promise, or twice, or handed over after it was accepted. */
  readonly doubled: number;
  /** Deliveries whose sender holds no receipt 03. */
  readonly unreceipted: number;
  /** Register numbers used twice or left out. */
  readonly numberFaults: number;
  /** Chains of reports with a gap, or shorter at a relay than at the agency. */
  readonly brokenChains: number;
  /** Documents on which two relays that both can see them do not agree. */
  readonly relayDifferences: number;
  /** One line each, at most twenty. */
  readonly faults: readonly string[];
  /** What is lost or has no receipt 03. */
  readonly missing: readonly Missing[];
}

type Fault = (kind: FaultKind, text: string) => void;
type FaultKind =
  'lost' | 'doubled' | 'unreceipted' | 'numberFaults' | 'brokenChains' | 'relayDifferences';

/** Far above what a campaign sends. */
const EVERYTHING = 1_000_000;
const MAX_FAULTS_TOLD = 20;

/**
 * Compares what senders promised with what inboxes and relays hold, from the files alone: it needs
 * no broker, and no word of the processes that it judges.
 */
export async function judge(
  witnesses: readonly Witness[],
  relays: readonly RelayWitness[],
): Promise<Verdict> {
  const counts = {
    lost: 0,
    doubled: 0,
    unreceipted: 0,
    numberFaults: 0,
    brokenChains: 0,
    relayDifferences: 0,
  };
  const faults: string[] = [];
  const missing: Missing[] = [];
  const fault: Fault = (kind, text) => {
    counts[kind] += 1;
    if (faults.length < MAX_FAULTS_TOLD) faults.push(`${kind}: ${text}`);
  };
  await using offices = await openOffices(witnesses);
  const promised = readPromises(witnesses);
  const handedOver = checkInboxes(offices.list, promised, fault);
  for (const { agent, lines } of offices.list) {
    missing.push(...checkReceipts(agent, lines, fault));
    checkNumbers(agent, fault);
  }
  const reports = checkRelays(offices.list, relays, promised, fault);
  return {
    documents: new Set([...promised.values()].map(({ documentId }) => documentId)).size,
    deliveries: promised.size,
    handedOver,
    reports,
    ...counts,
    faults,
    missing,
  };
}

interface Office {
  readonly code: string;
  readonly agent: Agent;
  readonly lines: readonly LedgerLine[];
}

interface Promised {
  readonly from: string;
  readonly to: string;
  readonly documentId: string;
}

async function openOffices(
  witnesses: readonly Witness[],
): Promise<AsyncDisposable & { readonly list: readonly Office[] }> {
  const list: Office[] = [];
  for (const { code, home, ledger } of witnesses) {
    list.push({ code, agent: await openAgent({ home, mode: 'desk' }), lines: readLedger(ledger) });
  }
  return {
    list,
    [Symbol.asyncDispose]: async () => {
      for (const { agent } of list) await agent.close();
    },
  };
}

/** By delivery id. */
function readPromises(witnesses: readonly Witness[]): Map<string, Promised> {
  const promised = new Map<string, Promised>();
  for (const { code, ledger } of witnesses) {
    for (const line of readLedger(ledger)) {
      if (line.event !== 'promised') continue;
      for (const { to, id } of line.deliveries) {
        promised.set(id, { from: code, to, documentId: line.documentId });
      }
    }
  }
  return promised;
}

/** @returns how many documents the applications got. */
function checkInboxes(
  offices: readonly Office[],
  promised: ReadonlyMap<string, Promised>,
  fault: Fault,
): number {
  const found = new Set<string>();
  let handedOver = 0;
  for (const { code, agent, lines } of offices) {
    const numbers = new Set<string>();
    for (const { id, state, incomingNumber } of agent.listInbox({ limit: EVERYTHING })) {
      if (found.has(id)) fault('doubled', `${id} stands in two inboxes`);
      found.add(id);
      if (promised.get(id)?.to !== code) fault('doubled', `${id} in ${code} was never promised`);
      if (state !== 'accepted') fault('lost', `${id} in ${code} is ${state}`);
      if (incomingNumber !== null && numbers.has(incomingNumber)) {
        fault('numberFaults', `incoming number ${incomingNumber} of ${code} twice`);
      }
      if (incomingNumber !== null) numbers.add(incomingNumber);
    }
    handedOver += checkHandOver(code, lines, fault);
  }
  for (const [id, { from, to }] of promised) {
    if (!found.has(id)) fault('lost', `${id} from ${from} to ${to}`);
  }
  return handedOver;
}

/** An application may get a document again until it has accepted it, with the same files; then never. */
function checkHandOver(code: string, lines: readonly LedgerLine[], fault: Fault): number {
  const handed = new Map<string, string>();
  const accepted = new Set<string>();
  for (const line of lines) {
    if (line.event === 'accepted') accepted.add(line.id);
    if (line.event !== 'handed') continue;
    if (accepted.has(line.id)) fault('doubled', `${line.id} came to ${code} again`);
    const before = handed.get(line.id);
    if (before !== undefined && before !== line.filesSha256) {
      fault('doubled', `${line.id} came to ${code} with other files`);
    }
    handed.set(line.id, line.filesSha256);
  }
  return handed.size;
}

/** @returns the deliveries whose sender has no receipt 03. */
function checkReceipts(agent: Agent, lines: readonly LedgerLine[], fault: Fault): Missing[] {
  const missing: Missing[] = [];
  for (const line of lines) {
    if (line.event !== 'promised') continue;
    for (const { id, to, status } of agent.track(line.documentId).deliveries) {
      if (status === '03') continue;
      fault('unreceipted', `${id} from ${agent.code} to ${to} is ${status ?? 'unanswered'}`);
      missing.push({ id, from: agent.code, to });
    }
  }
  return missing;
}

function checkNumbers(agent: Agent, fault: Fault): void {
  const numbers = agent.listRegister().map(({ number }) => number);
  const highest = Math.max(0, ...numbers);
  if (new Set(numbers).size !== numbers.length || numbers.length !== highest) {
    fault('numberFaults', `${agent.code} has ${numbers.length} numbers up to ${highest}`);
  }
}

/** @returns how many reports the relay that sees most holds. */
function checkRelays(
  offices: readonly Office[],
  relays: readonly RelayWitness[],
  promised: ReadonlyMap<string, Promised>,
  fault: Fault,
): number {
  const senders = new Map([...promised.values()].map(({ documentId, from }) => [documentId, from]));
  let most = 0;
  for (const { code, home, agencies } of relays) {
    using reader = openRelayReader(home);
    most = Math.max(most, reader.counts().reports);
    const chains = new Map(reader.listChains().map((chain) => [chain.agency, chain]));
    for (const { code: agency, agent } of offices) {
      if (!agencies.includes(agency)) continue;
      const chain = chains.get(agency);
      const { last } = agent.status().report;
      if (chain?.upTo === last && chain.missing === 0 && chain.brokenAt === null) continue;
      fault('brokenChains', `${agency} at ${code}: ${chain?.upTo ?? 0} of ${last}`);
    }
  }
  checkAgreement(relays, senders, fault);
  return most;
}

/** Two relays must say the same of every delivery whose sender and recipient both of them see. */
function checkAgreement(
  relays: readonly RelayWitness[],
  senders: ReadonlyMap<string, string>,
  fault: Fault,
): void {
  for (const [index, first] of relays.entries()) {
    for (const second of relays.slice(index + 1)) {
      const both = first.agencies.filter((agency) => second.agencies.includes(agency));
      using one = openRelayReader(first.home);
      using other = openRelayReader(second.home);
      for (const [documentId, sender] of senders) {
        if (!both.includes(sender)) continue;
        const a = describe(one.track(documentId, sender), both);
        const b = describe(other.track(documentId, sender), both);
        if (a === b && a !== '[]') continue;
        fault('relayDifferences', `${documentId} at ${first.code} and ${second.code}`);
      }
    }
  }
}

function describe(
  tracked: ReturnType<ReturnType<typeof openRelayReader>['track']>,
  agencies: readonly string[],
): string {
  return JSON.stringify(
    tracked.map(({ from, register, packageDigest, deliveries }) => ({
      from,
      register,
      packageDigest,
      deliveries: deliveries
        .filter(({ to }) => agencies.includes(to))
        .map(({ to, state, receipts }) => ({
          to,
          state,
          receipts: receipts.map((one) => one.status),
        })),
    })),
  );
}
