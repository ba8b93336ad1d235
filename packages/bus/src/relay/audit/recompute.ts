import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { type TrustStore, createSignatureVerifier } from '@congvan/signer';

import type { VerifySignature } from '../../record/authenticate.ts';
import { type Db, openScratchDatabase } from '../storage/database.ts';
import { PublicationStore } from '../storage/publication-store.ts';
import {
  type ArrivedRow,
  type ForkRow,
  type RecordBlock,
  directoryRecords,
  forkRows,
  recordBlocks,
} from './blocks.ts';
import {
  type Comparison,
  compareChains,
  compareChanges,
  compareContradictions,
  compareFigures,
} from './compare.ts';
import { composePublication, keepHead } from './compose.ts';
import { Cursor } from './cursor.ts';
import { definitionsOf } from './definitions.ts';
import { type AuditFinding, Findings } from './finding.ts';
import { AUDIT_PARTS, invalidFile, publicationName } from './format.ts';
import type { ContradictionLine } from './lines.ts';
import {
  type FiledManifest,
  type FiledPublication,
  checkDefinitions,
  checkParts,
  checkSections,
  gatherTrust,
  readManifest,
  readPublications,
  readRegistrar,
} from './open-file.ts';
import type { Section } from './publication.ts';
import { Replay } from './replay.ts';
import { AUDIT_FILE_LIMITS, AuditZip } from './zip-reader.ts';

export interface RecomputeOptions {
  readonly file: string;
  /** The auditor's own anchors, and whatever else the auditor knows. */
  readonly trust: TrustStore;
  /** SHA-256 of the registrar's certificate in hex, known from elsewhere. */
  readonly registrar: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (records: number, of: number) => void;
  readonly limits?: { readonly [L in keyof typeof AUDIT_FILE_LIMITS]: number };
}

/** How one publication compares with the records. */
export interface RecomputedPublication {
  readonly month: string;
  readonly revision: number;
  readonly sequence: number;
  /** Numbers compared, and those that differ. */
  readonly figures: number;
  readonly differing: number;
}

export interface AuditReport {
  /** Every figure came out again and nothing else is wrong. */
  readonly ok: boolean;
  readonly relay: string;
  readonly period: { readonly from: string; readonly to: string };
  readonly exported_at: string;
  readonly records: number;
  readonly directory_entries: number;
  readonly publications: readonly RecomputedPublication[];
  readonly findings: readonly AuditFinding[];
  /** Findings beyond those listed. */
  readonly more_findings: number;
  /** Contradictions of agencies that the relay had published itself, dated-back records among them. */
  readonly told: readonly ContradictionLine[];
}

/** Verified together and kept in one transaction. */
const ROWS_AT_ONCE = 250;

/**
 * Gives every published figure again from the records alone, and names what is wrong.
 *
 * Nothing but the file, the auditor's anchors and the registrar's fingerprint is used. The records go
 * through the relay's own code into an empty database, so what comes out can differ only by what went
 * in; signatures, chains, order and stored times are checked on the way.
 *
 * @throws {@link BusError} `BUS_AUDIT_FILE_INVALID` for what is no audit file or is over a limit,
 *   `BUS_AUDIT_REGISTRAR_DIFFERS`. Anything less is a finding.
 */
export async function recomputeAudit(options: RecomputeOptions): Promise<AuditReport> {
  await using zip = await AuditZip.open(options.file, options.limits ?? AUDIT_FILE_LIMITS);
  const findings = new Findings();
  const filed = await readManifest(zip);
  const registrarCertificate = await readRegistrar(zip, options.registrar);
  const trust = await gatherTrust(zip, options.trust, findings);
  const publications = await readPublications(zip, filed.manifest, findings);
  if (publications.length === 0) throw invalidFile('it has no publication', AUDIT_PARTS.manifest);
  await checkDefinitions(zip, findings);
  const folder = await mkdtemp(join(tmpdir(), 'congvan-audit-'));
  try {
    const db = openScratchDatabase(join(folder, 'audit.sqlite'));
    try {
      const verify = createSignatureVerifier(trust);
      const exportedAt = new Date(filed.manifest.exported_at);
      const replay = new Replay({ db, verify, registrarCertificate, exportedAt, findings });
      const run = new Recomputation({ options, zip, db, replay, filed, verify, findings });
      return await run.run(publications);
    } finally {
      db.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly options: RecomputeOptions;
  readonly zip: AuditZip;
  readonly db: Db;
  readonly replay: Replay;
  readonly filed: FiledManifest;
  readonly verify: VerifySignature;
  readonly findings: Findings;
}

class Recomputation {
  readonly #parts: Parts;
  readonly #store: PublicationStore;
  readonly #blocks: Cursor<RecordBlock>;
  readonly #forks: Cursor<ForkRow>;
  readonly #directory: Cursor<{
    part: string;
    record: Parameters<Replay['takeDirectoryEntry']>[0];
  }>;
  /** Forks that a later publication tells first. */
  #waiting: ForkRow[] = [];
  #rows: readonly ArrivedRow[] = [];
  #block: RecordBlock | undefined;
  readonly #done: RecomputedPublication[] = [];
  readonly #told: ContradictionLine[] = [];
  #toldContradiction = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { zip, findings } = parts;
    this.#store = new PublicationStore(parts.db);
    this.#blocks = new Cursor(recordBlocks(zip, findings));
    this.#forks = new Cursor(forkRows(zip, findings));
    this.#directory = new Cursor(directoryRecords(zip, findings));
  }

  async run(publications: readonly FiledPublication[]): Promise<AuditReport> {
    const { replay, zip, filed, findings } = this.#parts;
    const { manifest } = filed;
    for (const publication of publications) {
      await this.#goTo(publication);
      if (publication.isWhole) await this.#compare(publication);
      this.#toldContradiction = this.#store.lastContradiction();
    }
    await this.#tellRest(manifest.records);
    this.#checkManifest();
    await checkParts(zip, manifest, findings);
    const { list, more } = findings;
    return {
      ok: list.length === 0,
      relay: manifest.relay,
      period: manifest.period,
      exported_at: manifest.exported_at,
      records: replay.records,
      directory_entries: replay.entries,
      publications: this.#done,
      findings: list,
      more_findings: more,
      told: this.#told,
    };
  }

  /** Takes in what the relay had when it published. */
  async #goTo({ head, part, bytes, signature }: FiledPublication): Promise<void> {
    const { replay, findings } = this.#parts;
    while (replay.entries < head.directory.entries) {
      const entry = await this.#directory.take();
      if (entry === undefined) break;
      replay.takeDirectoryEntry(entry.record, entry.part);
    }
    replay.checkDirectory(head.directory.registrars, part);
    await this.#takeRecords(head.as_of.record, head.sequence);
    if (!replay.isSignedBy(head.relay, bytes, signature, new Date(head.published_at))) {
      const detail = `relay ${head.relay} did not sign it`;
      findings.add('PUBLICATION_UNSIGNED', detail, { part });
    }
  }

  async #takeRecords(upTo: number, publication: number): Promise<void> {
    const { replay, options, filed } = this.#parts;
    for (;;) {
      options.signal?.throwIfAborted();
      const row = await this.#nextRow();
      await this.#takeForks(Math.min((row?.id ?? upTo + 1) - 1, upTo), publication);
      if (row === undefined || row.id > upTo) return;
      const fork = await this.#forks.peek();
      const stop = Math.min(upTo, fork === undefined ? upTo : Math.max(fork.after, row.id));
      const end = this.#rows.findIndex(({ id }) => id > stop);
      const count = Math.min(end === -1 ? this.#rows.length : end, ROWS_AT_ONCE);
      replay.takeRows(this.#rows.slice(0, count));
      this.#rows = this.#rows.slice(count);
      if (this.#rows.length === 0) this.#endBlock();
      options.onProgress?.(replay.records, filed.manifest.records);
      await setImmediate();
    }
  }

  async #nextRow(): Promise<ArrivedRow | undefined> {
    while (this.#rows.length === 0) {
      this.#endBlock();
      this.#block = await this.#blocks.take();
      if (this.#block === undefined) return undefined;
      this.#rows = this.#block.rows;
    }
    return this.#rows[0];
  }

  #endBlock(): void {
    if (this.#block !== undefined) {
      this.#parts.replay.tellSpare(this.#block.spare, this.#block.rows);
    }
    this.#block = undefined;
  }

  /** Second records that had come by then and are told by this publication at the latest. */
  async #takeForks(after: number, publication: number): Promise<void> {
    for (let fork = await this.#forks.peek(); fork !== undefined && fork.after <= after;) {
      this.#waiting.push(fork);
      await this.#forks.take();
      fork = await this.#forks.peek();
    }
    const isDue = ({ toldIn }: ForkRow): boolean => toldIn <= publication;
    for (const fork of this.#waiting.filter(isDue)) this.#parts.replay.takeFork(fork);
    this.#waiting = this.#waiting.filter((fork) => !isDue(fork));
  }

  async #compare(publication: FiledPublication): Promise<void> {
    const { db, replay, zip, findings } = this.#parts;
    const { head } = publication;
    const store = this.#store;
    const figures = replay.figuresOn(head.as_of.day);
    const compose = db.transaction(() => {
      const { head: own } = composePublication(store, figures, {
        relay: head.relay,
        month: head.month,
        revision: head.revision,
        sequence: head.sequence,
        previous: head.previous,
        publishedAt: new Date(head.published_at),
        asOf: head.as_of,
        definitions: definitionsOf(head),
        corrects: store.find(head.month) ?? null,
        toldContradiction: this.#toldContradiction,
      });
      keepHead(store, own);
      return own;
    });
    const recomputed = compose.immediate();
    const partOf = (section: Section): string =>
      publicationName(head.sequence, `/${section}.jsonl`);
    const published = (section: Section) => zip.lines(partOf(section), findings);
    const comparison: Comparison = { published, store, head, recomputed, partOf, findings };
    await checkSections(zip, publication, findings);
    const compared = await compareFigures(comparison);
    await compareChains(comparison);
    this.#told.push(...(await compareContradictions(comparison)));
    compareChanges(comparison);
    if (recomputed.arrival_hash !== head.arrival_hash) {
      const detail = `order of arrival up to record ${head.as_of.record} is not what was published`;
      findings.add('ORDER_CHANGED', detail, { part: publication.part });
    }
    const { month, revision, sequence } = head;
    this.#done.push({ month, revision, sequence, ...compared });
  }

  /** What no publication of the file speaks of has no place in it. */
  async #tellRest(records: number): Promise<void> {
    const { findings } = this.#parts;
    for (let row = await this.#nextRow(); row !== undefined; row = await this.#nextRow()) {
      const { agency, number: report, id: record, part, line } = row;
      const detail = `the file ends with record ${records}`;
      findings.add('RECORD_UNEXPLAINED', detail, { agency, report, record, part, line });
      this.#rows = this.#rows.slice(1);
    }
    this.#endBlock();
    const entry = await this.#directory.take();
    if (entry !== undefined) {
      const detail = 'there are more entries than any publication knew';
      findings.add('DIRECTORY_ENTRY_REFUSED', detail, { part: entry.part });
    }
  }

  #checkManifest(): void {
    const { replay, filed, findings } = this.#parts;
    const { manifest, bytes, signature } = filed;
    const at = new Date(manifest.exported_at);
    if (replay.isSignedBy(manifest.relay, bytes, signature, at)) return;
    const detail = `relay ${manifest.relay} did not sign it`;
    findings.add('MANIFEST_UNSIGNED', detail, { part: AUDIT_PARTS.manifest });
  }
}
