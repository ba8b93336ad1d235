import type { AgentCore } from '../core.ts';
import { Signal } from '../signal.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const EVERY_MS = DAY_MS / 4;
/** Small, so that nothing else waits long for the write lock. */
const BATCH_ROWS = 500;

/** What of an agent the purge needs. */
export type PurgeCore = Pick<AgentCore, 'commit' | 'housekeeping' | 'inbox' | 'log' | 'now'> & {
  readonly config: Pick<AgentCore['config'], 'retention'>;
};

/** Removes what a kill left behind, then several times a day what the retention has ended. */
export async function keepHouse(core: AgentCore, signal: AbortSignal): Promise<void> {
  const pause = new Signal();
  await removeOrphans(core);
  while (!signal.aborted) {
    await purge(core, signal);
    await pause.wait(EVERY_MS, signal);
  }
}

async function removeOrphans({ downloads, files, inbox, log, now, register, uploads }: AgentCore) {
  const removed = await files.removeOrphans(
    {
      packages: new Set([...register.containerFiles(), ...inbox.containerFiles()]),
      sealed: new Set(uploads.keptSealedFiles()),
      downloads: new Set(downloads.ids()),
    },
    now().getTime(),
  );
  if (removed > 0) log.info({ count: removed }, 'files that no row names were removed');
}

/** Ended messages and old quarantine; documents, registers and records stay for ever. */
export async function purge(core: PurgeCore, signal: AbortSignal): Promise<void> {
  const { commit, config, housekeeping, inbox, log, now } = core;
  const { settledDays, quarantineDays } = config.retention;
  const nowMs = now().getTime();
  const settledMs = nowMs - settledDays * DAY_MS;
  const quarantineMs = nowMs - quarantineDays * DAY_MS;
  let messages = 0;
  let quarantined = 0;
  for (let isMore = true; isMore && !signal.aborted;) {
    const [one, two] = await commit.commit(() => [
      housekeeping.purgeOutbox(settledMs, BATCH_ROWS),
      housekeeping.purgeQuarantine(quarantineMs, BATCH_ROWS),
    ]);
    messages += one ?? 0;
    quarantined += two ?? 0;
    isMore = one === BATCH_ROWS || two === BATCH_ROWS;
  }
  if (quarantined > 0) inbox.forgetQuarantinedBytes();
  if (messages + quarantined > 0) log.info({ messages, quarantined }, 'the retention has ended');
}
