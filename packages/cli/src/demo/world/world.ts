import type { LocalServer } from '@congvan/bus';
import type { SiteService } from '@congvan/bus/site';
import type { Agent } from '@congvan/node-agent';
import type { Authority } from '@congvan/signer';

import type { HomeLayout } from '../../home/layout.ts';
import type { DemoTexts } from '../../messages/demo/en.ts';
import type { Reporter } from '../reporter.ts';
import type { CastKeys } from './keys.ts';
import type { RelayProcess } from './relay-process.ts';

/** What the demo gets from the command. */
export interface DemoContext {
  readonly texts: DemoTexts;
  readonly reporter: Reporter;
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** For the relay's process. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Everything that runs while the demo plays. */
export interface World extends AsyncDisposable {
  readonly layout: HomeLayout;
  /** All keys of the demo open with what stands in this file. */
  readonly passphraseFile: string;
  readonly server: LocalServer;
  readonly site: SiteService;
  readonly authority: Authority;
  readonly keys: CastKeys;
  /** Fires at Ctrl-C, and when an agent or a clerk fails. */
  readonly signal: AbortSignal;
  /** @throws RangeError when this agency's agent does not run yet. */
  agent(code: string): Agent;
  agents(): readonly Agent[];
  /** Starts the agent of an agency and its clerk. */
  startAgent(code: string): Promise<Agent>;
  relay(): RelayProcess;
  /** Ends the relay without any clean-up. */
  killRelay(): Promise<void>;
  restartRelay(): Promise<RelayProcess>;
}
