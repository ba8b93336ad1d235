import { type AgencyConnection, DirectoryReader, describeRefusals } from '@congvan/bus';

import type { AgentCore } from '../core.ts';
import { Signal, untilAborted } from '../signal.ts';

/** Changes are announced; this repairs a missed announcement. 15,000 agents ask 50 times a second. */
const REFRESH_MS = 5 * 60_000;
const RETRY_MS = 5_000;
/** All agencies of a site hear of a change at once; they must not all ask at once. */
const SPREAD_MS = 500;

type Reading = Pick<AgentCore, 'directory' | 'commit' | 'now' | 'log'>;

/** Reads what is new into the agency's copy. */
export function createDirectoryReader(
  { directory, commit, now, log }: Reading,
  connection: AgencyConnection,
): DirectoryReader {
  return new DirectoryReader({
    client: connection,
    copy: directory,
    now,
    commit: async (work) => await commit.commit(work),
    onTaken: ({ added, refused }) => {
      if (added > 0) log.info({ entries: added }, 'directory entries learned');
      const refusals = describeRefusals(refused);
      if (refusals !== undefined) log.error({ refusals }, 'directory entries are not believed');
    },
  });
}

/** Reads once. @returns false when the bus could not be asked; the copy serves on. */
export async function readDirectory(
  core: Reading,
  reader: DirectoryReader,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await untilAborted(() => reader.readOn(), signal);
    await core.commit.commit(() => core.directory.noteRead(core.now()));
    return true;
  } catch (error) {
    if (!signal.aborted) {
      core.log.warn(
        { error: String(error) },
        'the directory could not be read; the copy serves on',
      );
    }
    return false;
  }
}

/** Keeps the copy up to date until `signal`; it serves on while the bus cannot be asked. */
export async function followDirectory(
  core: Reading,
  connection: AgencyConnection,
  reader: DirectoryReader,
  signal: AbortSignal,
): Promise<void> {
  const news = new Signal();
  const unsubscribe = connection.onDirectoryChanged(() => news.notify());
  const unwatch = connection.onStatus(() => news.notify());
  while (!signal.aborted) {
    const read = await readDirectory(core, reader, signal);
    await news.wait(read ? REFRESH_MS * (0.8 + 0.4 * Math.random()) : RETRY_MS, signal);
    if (!signal.aborted) await new Signal().wait(SPREAD_MS * Math.random(), signal);
  }
  unsubscribe();
  unwatch();
}
