import type { Finding } from '@congvan/bus';

/** Ends a check with its finding; caught where the check began. */
export class Rejection extends Error {
  readonly finding: Finding;

  constructor(finding: Finding, detail: string) {
    super(detail);
    this.finding = finding;
  }
}
