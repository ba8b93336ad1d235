import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Signer, createSignatureVerifier, writePkcs12 } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

import { DirectoryCopy } from '../../../src/directory/copy.ts';
import {
  type AgencyCode,
  type DirectoryEntry,
  type ReportEntry,
  encodePayload,
  parseAgencyCode,
  payloadHash,
  reportSubject,
  signRecord,
} from '../../../src/index.ts';
import { FigureUpkeep } from '../../../src/relay/figures/upkeep.ts';
import { homePaths, initRelay } from '../../../src/relay/home.ts';
import { Intake } from '../../../src/relay/intake.ts';
import { judgeReport } from '../../../src/relay/judge-report.ts';
import { openDatabase } from '../../../src/relay/storage/database.ts';
import { DirectoryStore } from '../../../src/relay/storage/directory-store.ts';
import { listed, signWith } from '../relay-bus.ts';
import { listing } from '../relay-database.ts';

export const RELAY = parseAgencyCode('W01');
export const REGISTRAR = parseAgencyCode('W00');

/** A report as its agency signed it. */
export interface Signed {
  readonly agency: AgencyCode;
  readonly number: number;
  readonly hash: string;
  readonly record: Uint8Array;
  readonly at: Date;
}

const NOT_OPENED = new TextEncoder().encode('not opened: the tests give `sign`');

type Draft = Partial<DirectoryEntry> & Pick<DirectoryEntry, 'tier'>;

/**
 * A relay's folder without a broker: a real PKI, a signed directory, agencies that sign reports, and
 * the relay's own check and intake for what arrives.
 */
export class SignedTown implements AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly pki: TestPki;
  readonly registrar: TestSigner;
  readonly relaySigner: TestSigner;
  readonly db;
  readonly intake: Intake;
  readonly directory: DirectoryCopy;
  readonly #verify;
  readonly #signers = new Map<string, TestSigner>();
  readonly #entries = new Map<string, DirectoryEntry>();
  readonly #chains = new Map<string, { number: number; hash: string | null }>();
  #sequence = 0;
  #now = new Date('2026-09-01T00:00:00.000Z');

  private constructor(folder: string, pki: TestPki, registrar: TestSigner, relay: TestSigner) {
    this.folder = folder;
    this.home = join(folder, 'relay');
    this.pki = pki;
    this.registrar = registrar;
    this.relaySigner = relay;
    this.db = openDatabase(homePaths(this.home).database);
    this.intake = new Intake(this.db, () => this.#now);
    this.#verify = createSignatureVerifier(() => pki.trust());
    this.directory = new DirectoryCopy({
      ledger: new DirectoryStore(this.db),
      rootCertificate: registrar.certificate.der,
      verify: this.#verify,
    });
  }

  /** @param passphrase - of the relay's key file, for tests that run the command. */
  static async start(passphrase?: string): Promise<SignedTown> {
    const pki = await createTestPki();
    const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
    const relay = await pki.issue({ commonName: 'Trung tâm đối soát', use: 'node' });
    const folder = await mkdtemp(join(tmpdir(), 'congvan-town-'));
    await initRelay({
      home: join(folder, 'relay'),
      config: {
        code: RELAY,
        name: 'Trung tâm đối soát',
        site: 'TW',
        servers: ['nats://127.0.0.1'],
      },
      nodeP12: passphrase === undefined ? NOT_OPENED : writeKeyFile(relay, passphrase),
      credentials: new TextEncoder().encode('no broker here'),
      trust: {
        anchors: [pki.root.der],
        intermediates: [pki.issuing.der],
        crls: [pki.rootCrl().der, pki.crl().der],
      },
      registrarCertificate: registrar.certificate.der,
    });
    const town = new SignedTown(folder, pki, registrar, relay);
    const certificates = [listed(relay)];
    await town.enter(RELAY, { tier: 'central', role: 'relay', certificates });
    return town;
  }

  /** What the relay's clock shows, also for its rollups. */
  set now(now: Date) {
    this.#now = now;
    new FigureUpkeep(this.db, this.intake.figures, () => now).run();
  }

  get now(): Date {
    return this.#now;
  }

  sign = (bytes: Uint8Array): Promise<Uint8Array> => signWith(this.relaySigner)(bytes);

  /** An agency with a key of its own. */
  async addAgency(code: string, draft: Draft): Promise<void> {
    const signer = await this.pki.issue({ commonName: `Nút ${code}`, use: 'node' });
    this.#signers.set(code, signer);
    await this.enter(code, { certificates: [listed(signer)], ...draft });
  }

  /** A signed entry of the directory; what is left out stays as the entry before had it. */
  async enter(code: string, draft: Partial<DirectoryEntry>): Promise<void> {
    this.#sequence += 1;
    const before = this.#entries.get(code);
    const entry = listing(code, 'commune', {
      sequence: this.#sequence,
      registrar: REGISTRAR,
      name: `Cơ quan ${code}`,
      site: 'TW',
      signedAt: this.#now.toISOString(),
      ...(before === undefined ? {} : without(before)),
      ...draft,
    });
    this.#entries.set(code, entry);
    const payload = encodePayload('directory', entry);
    const record = await signRecord('directory', payload, signWith(this.registrar));
    const take = this.db.transaction(() => this.directory.takeIn([record], this.#now));
    const { refused } = take.immediate();
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
  }

  /** The next report of an agency's chain; `change` makes it another one. */
  async compose(
    code: string,
    entry: ReportEntry,
    at: Date,
    change: { readonly number?: number; readonly previous?: string | null } = {},
  ): Promise<Signed> {
    const signer = this.#signers.get(code);
    if (signer === undefined) throw new Error(`${code} has no key`);
    const last = this.#chains.get(code) ?? { number: 0, hash: null };
    const { number = last.number + 1, previous = last.hash } = change;
    const from = parseAgencyCode(code);
    const text = { from, number, previous, at: at.toISOString(), entry };
    const payload = encodePayload('report', text);
    const hash = payloadHash(payload);
    if (change.number === undefined) this.#chains.set(code, { number, hash });
    const record = await signRecord('report', payload, signWith(signer));
    return { agency: from, number, hash, record, at };
  }

  signerOf(code: string): Signer {
    const signer = this.#signers.get(code);
    if (signer === undefined) throw new Error(`${code} has no key`);
    return signer;
  }

  /** Lets a report arrive, as the running relay would take it in. @returns what became of it. */
  receive({ agency, record }: Pick<Signed, 'agency' | 'record'>, storedAt: Date): string {
    const entry = this.#entries.get(agency);
    if (entry === undefined) throw new Error(`${agency} is not in the directory`);
    const subject = reportSubject({ tier: entry.tier, site: entry.site, from: agency });
    const { find: lookup, earlier } = this.directory;
    const message = { subject, data: record, storedAt, site: entry.site };
    const judged = judgeReport(message, { lookup, earlier, verify: this.#verify });
    if (!judged.accepted) return `${judged.finding}: ${judged.detail}`;
    return this.intake.inTransaction(() => this.intake.take(judged));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.db.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function writeKeyFile({ keys, certificate }: TestSigner, passphrase: string): Uint8Array {
  const { privateKey } = keys;
  const friendlyName = 'relay';
  return writePkcs12({ privateKey, certificate, chain: [], friendlyName, passphrase });
}

/** What each entry says anew. */
function without(entry: DirectoryEntry): Omit<DirectoryEntry, 'sequence' | 'signedAt'> {
  const { sequence: _1, signedAt: _2, ...rest } = entry;
  return rest;
}
