import type { ConditionCode, ConditionFacts } from '@congvan/node-agent';

/** What is wrong with an agent and what to do, and where a message waits. English. */
export const conditionsEn = {
  heading: 'what is wrong',
  none: 'nothing',
  since: 'since',
  connectedAt: 'last connection',
  rate: 'leaves',
  perMinute: (urgent: string, normal: string) =>
    `${urgent} urgent and ${normal} other messages a minute`,
  trace: 'trace id',
  queued: 'queue',
  ahead: (count: number, wait: string | undefined) =>
    wait === undefined ? `queued, ${count} ahead` : `queued, ${count} ahead, about ${wait}`,
  next: 'leaves next',
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  hours: (count: number) => `${count} h`,
  retried: 'tried again now, and for another 30 days',
  givenUp: 'given up',
  /** `undefined`: as the agent words it. */
  words: (
    _code: ConditionCode,
    _facts: ConditionFacts,
  ): { readonly detail: string; readonly action: string | null } | undefined => undefined,
};

export type ConditionTexts = typeof conditionsEn;
