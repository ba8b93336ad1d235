import type { VerificationBasis } from '../record/authenticate.ts';
import type { Db } from './database.ts';

const VALIDATION_KINDS = ['certificate', 'crl', 'ocsp'] as const;

/** A certificate, revocation list or OCSP response. */
export interface ValidationObject {
  readonly kind: (typeof VALIDATION_KINDS)[number];
  /** Of `der`, lower hex. */
  readonly sha256: string;
  readonly der: Uint8Array;
}

/** Finds what a basis names; `undefined` for what is not at hand any more. */
export type FindValidationObject = (sha256: string) => ValidationObject | undefined;

/** How a row refers to what its signature was judged with. */
export interface BasisReference {
  readonly signer: number | null;
  readonly basis: number | null;
}

export const NO_BASIS: BasisReference = { signer: null, basis: null };

/** Known sets are looked up here first; lists change daily. */
const MAX_REMEMBERED = 10_000;

/**
 * Certificates, revocation lists and OCSP responses in the tables that agent and relay both have: each
 * once by its hash, with the sets in which signatures were judged. Call inside a transaction.
 */
export class ValidationStore {
  /** Only a hint: the transaction that kept a set may have been given up. */
  readonly #bases = new Map<string, { readonly id: number; readonly members: string }>();
  readonly #statements;

  constructor(db: Db) {
    this.#statements = {
      find: db
        .prepare<[string], number>('SELECT id FROM validation_object WHERE sha256 = ?')
        .pluck(),
      insert: db.prepare<[string, string, Uint8Array]>(
        'INSERT INTO validation_object (sha256, kind, der) VALUES (?, ?, ?)',
      ),
      findBasis: db
        .prepare<[string], number>('SELECT id FROM validation_basis WHERE members = ?')
        .pluck(),
      insertBasis: db.prepare<[string]>('INSERT INTO validation_basis (members) VALUES (?)'),
      object: db.prepare<[number], ValidationObject>(
        'SELECT kind, sha256, der FROM validation_object WHERE id = ?',
      ),
      members: db
        .prepare<[number], string>('SELECT members FROM validation_basis WHERE id = ?')
        .pluck(),
    };
  }

  /** Keeps what is not here yet, and says how a row refers to it. */
  keep(basis: VerificationBasis, find: FindValidationObject): BasisReference {
    const [signerSha256, ...issuers] = basis.certificates;
    const signer = signerSha256 === undefined ? null : this.#keepObject(signerSha256, find);
    const names = [...issuers, ...basis.revocation];
    const key = names.join(',');
    const known = this.#bases.get(key);
    if (known !== undefined && this.#statements.members.get(known.id) === known.members) {
      return { signer, basis: known.id };
    }
    const ids = names.flatMap((sha256) => this.#keepObject(sha256, find) ?? []);
    const members = ids.toSorted((a, b) => a - b).join(',');
    const { findBasis, insertBasis } = this.#statements;
    const id = findBasis.get(members) ?? Number(insertBasis.run(members).lastInsertRowid);
    if (this.#bases.size >= MAX_REMEMBERED) this.#bases.clear();
    this.#bases.set(key, { id, members });
    return { signer, basis: id };
  }

  /** What rows refer to, each once; nothing for one that was judged before this was kept. */
  read(rows: readonly BasisReference[]): ValidationObject[] {
    const ids = new Set<number>();
    for (const { signer } of rows) if (signer !== null) ids.add(signer);
    for (const basis of new Set(rows.map((row) => row.basis))) {
      const members = basis === null ? '' : (this.#statements.members.get(basis) ?? '');
      if (members !== '') for (const id of members.split(',')) ids.add(Number(id));
    }
    return [...ids].flatMap((id) => this.#statements.object.get(id) ?? []);
  }

  #keepObject(sha256: string, find: FindValidationObject): number | null {
    const known = this.#statements.find.get(sha256);
    if (known !== undefined) return known;
    const object = find(sha256);
    if (object === undefined) return null;
    const { lastInsertRowid } = this.#statements.insert.run(sha256, object.kind, object.der);
    return Number(lastInsertRowid);
  }
}
