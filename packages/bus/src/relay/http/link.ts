import type { Sample, Unreadiness } from '../../observe/index.ts';
import type { RelayHealth } from './source.ts';

/** How the relay's own process is, told to the thread that answers requests. */
export interface RelayState {
  readonly health: RelayHealth;
  readonly samples: readonly Sample[];
  readonly conditions: readonly Unreadiness[];
}

/** Figures without a relay that runs: nothing new comes in, what is there is served. */
export const NOT_RUNNING: RelayState = {
  health: {
    running: false,
    broker: null,
    sites: [],
    directory_entries: null,
    storage_failing: null,
  },
  samples: [],
  conditions: [],
};

export interface MadeEvidence {
  readonly bytes: Uint8Array;
  /** A time-stamp service is named and gave none. */
  readonly lacksTimeStamp: boolean;
}

/** Makes the evidence file of one document; only the relay's own process has the key for it. */
export type MakeEvidence = (documentId: string, from: string) => Promise<MadeEvidence>;

/** What goes to the thread of the HTTP side. */
export type ToHttp =
  | { readonly kind: 'state'; readonly id: number; readonly state: RelayState }
  | { readonly kind: 'evidence'; readonly id: number; readonly made: MadeEvidence | null }
  | { readonly kind: 'close' };

/** What comes from it. */
export type FromHttp =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'ask-state'; readonly id: number }
  | {
      readonly kind: 'ask-evidence';
      readonly id: number;
      readonly document: string;
      readonly from: string;
    }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly details: Readonly<Record<string, string | number>>;
    };

/** Where and how the thread serves. */
export interface HttpPlace {
  readonly home: string;
  /** `[HOST:]PORT`. */
  readonly address: string;
  /** Files with PEM; instead of those of relay.json. */
  readonly certificate?: string;
  readonly key?: string;
}
