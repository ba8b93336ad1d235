/** What one look at the installation found. */
export interface Check {
  /** Stable name, for `--json`. */
  readonly name: CheckName;
  /** `fail` stops work, `warn` will; `skip`: this home has no such part. */
  readonly state: 'ok' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  /** Of which agency; `null` for the machine and the parts that all share. */
  readonly agency: string | null;
  /** The next step in words; empty when nothing is to be done. */
  readonly todo: string;
}

export type CheckName =
  | 'node'
  | 'nats-server'
  | 'home'
  | 'disk'
  | 'clock'
  | 'bus'
  | 'relay'
  | 'agency'
  | 'keys'
  | 'credentials'
  | 'crl'
  | 'agent';

export function ok(name: CheckName, detail: string): Check {
  return { name, state: 'ok', detail, agency: null, todo: '' };
}
export function warn(name: CheckName, detail: string, todo: string): Check {
  return { name, state: 'warn', detail, agency: null, todo };
}
export function fail(name: CheckName, detail: string, todo: string): Check {
  return { name, state: 'fail', detail, agency: null, todo };
}
export function skip(name: CheckName, detail: string): Check {
  return { name, state: 'skip', detail, agency: null, todo: '' };
}
