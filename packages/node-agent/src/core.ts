import type { VerifySignature } from '@congvan/bus';
import type { TrustFolder } from '@congvan/signer';

import type { ConditionBook } from './condition/condition.ts';
import type { RunningStatus } from './condition/status-file.ts';
import type { DirectoryCopy } from './directory/copy.ts';
import type { AgentConfig } from './home/config.ts';
import type { AgencyKeys } from './home/keys.ts';
import type { HoldLimits } from './inbox/hold.ts';
import type { Log } from './log.ts';
import type { LineGate } from './outbox/line-gate.ts';
import type { AgentStep } from './step.ts';
import type { EvidenceStore } from './storage/evidence-store.ts';
import type { GroupCommit } from './storage/group-commit.ts';
import type { DownloadStore } from './storage/download-store.ts';
import type { HeldStore } from './storage/held-store.ts';
import type { HousekeepingStore } from './storage/housekeeping-store.ts';
import type { InboxStore } from './storage/inbox-store.ts';
import type { JunkStore } from './storage/junk-store.ts';
import type { OutboxStore } from './storage/outbox-store.ts';
import type { PackageFiles } from './storage/package-files.ts';
import type { QueueStore } from './storage/queue-store.ts';
import type { RegisterStore } from './storage/register-store.ts';
import type { UploadStore } from './storage/upload-store.ts';
import type { RestoreStore } from './storage/restore-store.ts';
import type { WatermarkStore } from './storage/watermark-store.ts';
import type { TransferLimits } from './transfer/limits.ts';

/** What the parts of one agent share. */
export interface AgentCore {
  readonly config: AgentConfig;
  readonly keys: AgencyKeys;
  readonly trust: TrustFolder;
  readonly directory: DirectoryCopy;
  readonly register: RegisterStore;
  readonly outbox: OutboxStore;
  readonly watermarks: WatermarkStore;
  readonly inbox: InboxStore;
  readonly uploads: UploadStore;
  readonly downloads: DownloadStore;
  readonly held: HeldStore;
  readonly files: PackageFiles;
  readonly housekeeping: HousekeepingStore;
  readonly transferLimits: TransferLimits;
  readonly holdLimits: HoldLimits;
  readonly queue: QueueStore;
  readonly restore: RestoreStore;
  readonly junk: JunkStore;
  readonly evidence: EvidenceStore;
  readonly commit: GroupCommit;
  readonly conditions: ConditionBook;
  /** Shared by all that goes out: ordinary bytes wait while an urgent message leaves. */
  readonly gate: LineGate;
  readonly verify: VerifySignature;
  readonly now: () => Date;
  readonly step: (step: AgentStep) => void;
  readonly log: Log;
  /** Something was committed that a waiting loop may want. */
  readonly changed: () => void;
  /** Whether any process runs this agency's agent. */
  readonly isRunning: () => boolean;
  /** What the running agent sees, in this process or another; `undefined` when none runs. */
  readonly running: () => RunningStatus | undefined;
  /** The agency's folder. */
  readonly folder: string;
}
