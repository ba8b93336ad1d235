/** What an alert is about, stable; `docs/reference/http-api.md` lists them, a test compares. */
export const ALERT_CODES = [
  'AGENCY_SILENT',
  'BACKLOG',
  'STORAGE_FAILING',
  'CERTIFICATE_EXPIRES',
  'CLOCK_SKEW',
  'DISK_LOW',
  'LOG_LARGE',
  'SHARE_UNDER_TARGET',
  'CONTRADICTION',
  'GAPS_GROW',
] as const;
export type AlertCode = (typeof ALERT_CODES)[number];

export type AlertSeverity = 'warning' | 'critical';

export interface BothLanguages {
  readonly vi: string;
  readonly en: string;
}

/** One thing that is wrong, from when it was first seen until it was right again. */
export interface AlertRow {
  /** Order of opening. */
  readonly id: number;
  readonly code: AlertCode;
  /** What it is about among the alerts of its code: an agency, a site, a file, a month. */
  readonly key: string;
  /** `null`: the relay itself. */
  readonly agency: string | null;
  readonly severity: AlertSeverity;
  /** RFC 3339. */
  readonly since: string;
  /** `null` while it stands. */
  readonly until: string | null;
  readonly detail: BothLanguages;
  readonly action: BothLanguages;
}

export interface AlertsRequest {
  readonly code?: AlertCode;
  readonly agency?: string;
  /** `open` (the default): those that stand; `all`: closed ones too, newest first. */
  readonly state?: 'open' | 'all';
  readonly limit?: number;
  readonly after?: string;
}
