import type { TrustStore } from '@congvan/signer';

import type { AgencyCode } from '../../agency/code.ts';
import { type DirectoryEntry, certificatesOf } from '../../directory/entry.ts';
import type { VerificationBasis } from '../../record/authenticate.ts';
import { type BasisReference, NO_BASIS, type ValidationObject } from '../../sqlite/index.ts';
import type { AcceptedReport } from '../judge-report.ts';
import type { EvidenceStore } from '../storage/evidence-store.ts';
import type { ReportStore } from '../storage/report-store.ts';
import { trustObjects } from '../../evidence/trust-objects.ts';

export interface EvidenceKeeperOptions {
  readonly store: EvidenceStore;
  readonly reports: Pick<ReportStore, 'addContradiction'>;
  readonly trust: () => TrustStore;
  readonly directory: {
    readonly lookup: (code: AgencyCode) => DirectoryEntry | undefined;
    readonly earlier: (code: AgencyCode, at: Date) => readonly DirectoryEntry[];
  };
}

/** Keeps beside a report what proves it later. Call inside the transaction that keeps the report. */
export class EvidenceKeeper {
  readonly #options: EvidenceKeeperOptions;

  constructor(options: EvidenceKeeperOptions) {
    this.#options = options;
  }

  keep({ report, basis, body, from }: KeptReport, nowMs: number): void {
    const { store, reports } = this.#options;
    const { agency, number, payloadHash, storedMs } = report;
    const at = new Date(storedMs);
    const kept = this.#keepBasis(basis, from, at);
    store.setBasis(agency, number, kept);
    if (body === null) return;
    if (body.fits) {
      const isSame = body.basis === basis;
      const reference = isSame ? kept : this.#keepBasis(body.basis, from, at);
      store.putOpenPart(agency, number, { packed: body.packed, ...reference });
      return;
    }
    const { detail } = body;
    reports.addContradiction(
      { kind: 'OPEN_PART_UNFIT', agency, reportNumber: number, payloadHash, detail, record: null },
      nowMs,
    );
  }

  #keepBasis(basis: VerificationBasis | null, from: AgencyCode, at: Date): BasisReference {
    if (basis === null) return NO_BASIS;
    const { store, trust } = this.#options;
    return store.validation.keep(
      basis,
      (sha256) => trustObjects(trust()).get(sha256) ?? this.#listed(sha256, from, at),
    );
  }

  /** The signer's certificate stands in the directory. */
  #listed(sha256: string, from: AgencyCode, at: Date): ValidationObject | undefined {
    const { lookup, earlier } = this.#options.directory;
    const entries = [lookup(from) ?? [], earlier(from, at)].flat();
    const found = entries
      .flatMap((entry) => certificatesOf(entry, 'node'))
      .find((certificate) => certificate.sha256 === sha256);
    return found && { kind: 'certificate', sha256, der: found.der };
  }
}

type KeptReport = Pick<AcceptedReport, 'report' | 'basis' | 'body' | 'from'>;
