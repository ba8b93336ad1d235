import type { AlertChange } from './ledger.ts';
import type { AlertCode, AlertRow } from './types.ts';

/** Many changes of one code in one turn: a line that is cut silences a whole province at once. */
export interface AlertDigest {
  readonly event: AlertChange['event'];
  readonly code: AlertCode;
  readonly count: number;
  /** The first of them. */
  readonly alerts: readonly AlertRow[];
}

export type Told = AlertChange | AlertDigest;

/** More changes of one code in one turn than this are told together. */
export const MAX_TOLD_ALONE = 20;

/**
 * What webhooks and the log are told of a turn: each change by itself, or one digest where there are
 * more than {@link MAX_TOLD_ALONE} of a code and kind. The list of alerts has each of them all the same.
 */
export function digest(changes: readonly AlertChange[]): Told[] {
  const groups = new Map<string, AlertChange[]>();
  for (const change of changes) {
    const name = `${change.event} ${change.alert.code}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [change]);
    else group.push(change);
  }
  return [...groups.values()].flatMap((group): readonly Told[] => {
    const [first] = group;
    if (first === undefined || group.length <= MAX_TOLD_ALONE) return group;
    const alerts = group.slice(0, MAX_TOLD_ALONE).map(({ alert }) => alert);
    return [{ event: first.event, code: first.alert.code, count: group.length, alerts }];
  });
}
