import type { AgentCore } from '../core.ts';
import type { Transfer, TransferWait } from '../documents.ts';
import { TRANSFER_WAITS } from '../documents.ts';

/** What goes up and comes down, urgent first: as the running agent keeps it, in whatever process. */
export function listTransfers(core: AgentCore, limit: number): Transfer[] {
  const running = core.isRunning();
  const uploads = core.uploads.listOpen(limit).map((row): Transfer => {
    const { document_id: documentId, part, bytes: totalBytes, lane } = row;
    return {
      direction: 'up',
      documentId,
      partner: null,
      part: part === 'message' ? 'message' : 'content',
      lane,
      ...progressOf(row, totalBytes, running),
    };
  });
  const downloads = core.downloads.list(limit).map((row): Transfer => {
    const { document_id: documentId, sender: partner, total_bytes: totalBytes, lane } = row;
    const part = documentId === null ? 'message' : 'content';
    const progress = progressOf(row, totalBytes, running);
    return { direction: 'down', documentId, partner, part, lane, ...progress };
  });
  return [...uploads, ...downloads];
}

function progressOf(
  row: {
    readonly done_bytes: number;
    readonly bytes_per_second: number;
    readonly waits_for: string | null;
  },
  totalBytes: number,
  running: boolean,
): Pick<Transfer, 'doneBytes' | 'totalBytes' | 'bytesPerSecond' | 'secondsLeft' | 'waitsFor'> {
  const { done_bytes: doneBytes } = row;
  // A stopped agent left its last rate behind.
  const bytesPerSecond = running && row.waits_for === null ? row.bytes_per_second : 0;
  const left = totalBytes - doneBytes;
  const secondsLeft = bytesPerSecond > 0 ? Math.ceil(left / bytesPerSecond) : null;
  return {
    doneBytes,
    totalBytes,
    bytesPerSecond,
    secondsLeft,
    waitsFor: waitOf(row.waits_for, bytesPerSecond, running),
  };
}

function waitOf(stored: string | null, rate: number, running: boolean): TransferWait | null {
  if (!running) return 'agent';
  if (stored !== null) return TRANSFER_WAITS.find((known) => known === stored) ?? 'retry';
  return rate > 0 ? null : 'turn';
}
