import type { VerifySignature } from '@congvan/bus';

import type { DirectoryCopy } from './directory/copy.ts';
import type { AgentConfig } from './home/config.ts';
import type { AgencyKeys } from './home/keys.ts';
import type { TrustFolder } from './home/trust-folder.ts';
import type { Log } from './log.ts';
import type { AgentStep } from './step.ts';
import type { GroupCommit } from './storage/group-commit.ts';
import type { InboxStore } from './storage/inbox-store.ts';
import type { OutboxStore } from './storage/outbox-store.ts';
import type { RegisterStore } from './storage/register-store.ts';
import type { WatermarkStore } from './storage/watermark-store.ts';

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
  readonly commit: GroupCommit;
  readonly verify: VerifySignature;
  readonly now: () => Date;
  readonly step: (step: AgentStep) => void;
  readonly log: Log;
  /** Something was committed that a waiting loop may want. */
  readonly changed: () => void;
  /** Whether any process runs this agency's agent. */
  readonly isRunning: () => boolean;
}
