import { statSync } from 'node:fs';

import {
  type ReportPayload,
  BusError,
  type RawRecord,
  authenticateRecord,
  decodeMessage,
  deliveryId,
  parsePayloadAs,
  payloadHash,
} from '@congvan/bus';

import { readStatus } from '../condition/status-file.ts';
import type { AgentCore } from '../core.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { RestoreStore } from '../storage/restore-store.ts';
import { askRelay } from './chain.ts';

/** Reports of one answer; more than fit into a message of a relay. */
const MAX_REPORTS_PER_ANSWER = 2_000;

/** What the caller knows about the folder: `moved` to another disk, or `restored` from a backup. */
export type KnownCopy = 'moved' | 'restored';

/**
 * Looks whether the database is the file that was worked on last. Another inode, or a status file
 * that has seen a later report, means a copy that was put back; with a relay to ask, nothing is
 * numbered before it has answered.
 */
export async function checkHome(
  core: AgentCore,
  layout: HomeLayout,
  known: KnownCopy | undefined,
  running: boolean,
): Promise<void> {
  const { inode, suspect, changed } = inspectHome(core, layout, known);
  if (suspect) {
    core.conditions.set('RESTORED', { relayHas: '?', here: core.outbox.chainHead().number });
  }
  const isAssured = known === 'moved' && core.watermarks.relayHas() > 0;
  if (!changed && !isAssured && !(running && suspect)) return;
  await core.commit.commit(() => {
    // Who put the folder here says that it is whole: a relay that claims more is not believed.
    if (isAssured) core.watermarks.forgetRelayHas();
    core.restore.setCheck(inode, suspect);
    if (running && suspect) askRelay(core.outbox);
  });
}

function inspectHome(
  core: Pick<AgentCore, 'config' | 'outbox' | 'restore'>,
  layout: HomeLayout,
  known: KnownCopy | undefined,
): { readonly inode: string; readonly suspect: boolean; readonly changed: boolean } {
  const inode = identityOf(layout.database);
  const { restore, config, outbox } = core;
  const before = restore.check();
  const head = outbox.chainHead().number;
  const isCopy = before.inode !== null && !isSameFile(before.inode, inode);
  const isOlder = (readStatus(layout.status)?.reports ?? 0) > head;
  const suspect = known === undefined ? before.suspect || isCopy || isOlder : known === 'restored';
  // Without reports, or without a relay, there is nobody to ask and nothing to compare.
  const canAsk = config.relay !== undefined && head > 0;
  return {
    inode,
    suspect: suspect && canAsk,
    changed: before.inode !== inode || before.suspect !== (suspect && canAsk),
  };
}

/**
 * Device, inode and time of birth. Inodes are used again, so the birth tells a new file apart where
 * the file system knows it; elsewhere Node gives the time of the last change in its place.
 */
function identityOf(file: string): string {
  const { dev, ino, birthtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs === ctimeNs ? 0n : birthtimeNs}`;
}

function isSameFile(a: string, b: string): boolean {
  const [devA, inoA, bornA] = a.split(':');
  const [devB, inoB, bornB] = b.split(':');
  if (devA !== devB || inoA !== inoB) return false;
  return bornA === bornB || bornA === '0' || bornB === '0';
}

/** The relay agrees with this database up to its last report: it is no older copy. */
export function confirmHome(restore: RestoreStore): void {
  const { inode, suspect } = restore.check();
  if (suspect && inode !== null) restore.setCheck(inode, false);
}

/** What came of the reports that a relay gave back. */
export interface GivenBack {
  readonly learned: number;
  /** One of them is ours and later than all that is here: this is an older copy, whoever says so. */
  readonly proven: boolean;
}

/**
 * Takes the agency's own reports that the relay gives back: each must be signed by this agency and
 * follow the one before. Call inside a transaction.
 */
export function learnReports(core: AgentCore, body: Uint8Array): GivenBack {
  let learned = 0;
  let proven = false;
  for (const { record, report } of readReports(core, body)) {
    const head = core.outbox.chainHead();
    if (report.number <= head.number) continue;
    const judged = authenticateRecord(record, {
      from: core.config.code,
      lookup: (code) => core.directory.find(code),
      verify: core.verify,
      at: new Date(report.at),
    });
    if (!judged.authentic) {
      core.log.error(
        { number: report.number, finding: judged.finding },
        'a report given back is not ours',
      );
      break;
    }
    proven = true;
    if (report.number !== head.number + 1 || report.previous !== head.sha256) break;
    const sha256 = payloadHash(record.payload);
    const id = core.outbox.insertRecord('report', record.payload, sha256, report.number);
    core.outbox.storeSigned(id, record.bytes);
    learnEntry(core, report);
    learned += 1;
    if (learned === MAX_REPORTS_PER_ANSWER) break;
  }
  return { learned, proven };
}

/** Up to the first bytes that are no report: a relay may send anything. */
function* readReports(
  core: Pick<AgentCore, 'log'>,
  body: Uint8Array,
): Generator<{ readonly record: RawRecord; readonly report: ReportPayload }> {
  let rest = body;
  while (rest.length > 0) {
    let found: { record: RawRecord; report: ReportPayload };
    try {
      const { record, body: next } = decodeMessage(rest);
      found = { record, report: parsePayloadAs(record, 'report') };
      rest = next;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      core.log.error({ error: error.message }, 'what the relay gives back is no report');
      return;
    }
    yield found;
  }
}

function learnEntry(core: AgentCore, report: ReportPayload): void {
  const { restore, config } = core;
  const { entry } = report;
  const atMs = Date.parse(report.at);
  switch (entry.kind) {
    case 'dispatch': {
      const { register, documentId, documentType, abstract, packageDigest, priority } = entry;
      restore.learnEntry({
        ...register,
        medium: 'electronic',
        state: 'issued',
        documentId,
        documentType,
        abstract,
        voidReason: null,
        atMs,
      });
      const paperTo = entry.recipients.flatMap((one) => ('name' in one ? [one.name] : []));
      restore.learnPackage({ documentId, digest: packageDigest, priority, paperTo });
      for (const recipient of entry.recipients) {
        if (!('to' in recipient)) continue;
        const { businessType, documentVersion } = entry;
        const key = { kind: 'doc', documentId, businessType, documentVersion } as const;
        const id = deliveryId({ ...key, from: config.code, to: recipient.to });
        restore.learnDelivery(id, recipient.to, recipient.mode, packageDigest);
      }
      return;
    }
    case 'paper':
      restore.learnEntry({
        ...entry.register,
        medium: 'paper',
        state: 'issued',
        documentId: `learned,${entry.register.year},${entry.register.number}`,
        documentType: entry.documentType,
        abstract: entry.abstract,
        voidReason: null,
        atMs,
      });
      return;
    case 'withdrawn':
      return; // the row of the outbox is gone with its message; the relay has the word
    case 'void':
      restore.learnEntry({
        year: entry.year,
        number: entry.number,
        notation: config.notation,
        issuedOn: report.at.slice(0, 10),
        medium: 'electronic',
        state: 'void',
        documentId: `learned,${entry.year},${entry.number}`,
        documentType: '',
        abstract: '',
        voidReason: entry.reason,
        atMs,
      });
      return;
    case 'receipt': {
      const { incoming, sender, documentId } = entry;
      if (incoming === undefined) return;
      restore.useIncomingNumber(incoming.year, incoming.number, sender, documentId);
    }
  }
}
