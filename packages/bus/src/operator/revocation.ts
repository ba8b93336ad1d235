import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { parsePublicKey } from '../broker/keys.ts';
import { BusError } from '../errors.ts';
import { createFile } from '../disk/atomic-file.ts';

/** In the year 2100: a JWT that is made later for a revoked key must not let it in again. */
const REVOKED_UNTIL_S = 4_102_444_800;
/** An account's JWT has to fit one message: 5,000 keys make 350 KB of it. */
const MAX_REVOCATIONS_PER_ACCOUNT = 5_000;

const USER_KEY = /^U[A-Z2-7]{55}$/;

export function isUserKey(text: string): boolean {
  return USER_KEY.test(text);
}

/** The user keys of one account that are refused for good: one empty file for each, so that writers never meet. */
export interface RevocationList {
  list(): Promise<string[]>;
  /**
   * @returns those that were not known yet.
   * @throws {@link BusError} `BUS_CREDENTIALS_INVALID`, `BUS_REVOCATIONS_FULL`.
   */
  add(userPublicKeys: readonly string[]): Promise<string[]>;
  has(userPublicKey: string): Promise<boolean>;
}

export function openRevocations(folder: string): RevocationList {
  const list = async (): Promise<string[]> => {
    try {
      return (await readdir(folder)).filter((name) => isUserKey(name)).toSorted();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  };
  return {
    list,
    has: async (userPublicKey) => (await list()).includes(userPublicKey),
    add: async (userPublicKeys) => {
      const wanted = new Set(userPublicKeys.map((key) => parsePublicKey('user', key)));
      const known = await list();
      const added = [...wanted].filter((key) => !known.includes(key));
      if (added.length === 0) return added;
      if (known.length + added.length > MAX_REVOCATIONS_PER_ACCOUNT) {
        throw new BusError(
          'BUS_REVOCATIONS_FULL',
          `${known.length} user keys are revoked already: replace the site's signing key instead`,
          { details: { count: known.length } },
        );
      }
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const key of added) await createFile(join(folder, key), '', 0o600);
      return added;
    },
  };
}

/** @returns the revocations as an account's JWT has them. */
export function revocationClaims(keys: readonly string[]): Record<string, number> {
  return Object.fromEntries(keys.map((key) => [key, REVOKED_UNTIL_S]));
}
