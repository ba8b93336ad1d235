import { readFile } from 'node:fs/promises';
import * as z from 'zod';

import type { AgencyCode } from '../agency/code.ts';
import { codeToToken } from '../agency/code.ts';
import { type Site, parseSite } from '../agency/tier.ts';
import { signScopedUserJwt } from '../broker/jwt.ts';
import { type NatsKey, parsePublicKey, readNatsKey } from '../broker/keys.ts';
import { BusError } from '../errors.ts';
import { agencyTags } from '../permission/user.ts';

/** An agency that has made its user key itself; only the public half ever leaves it. */
export interface AgencyUser {
  readonly code: AgencyCode;
  readonly userPublicKey: string;
  readonly expiresAt: Date;
  readonly now: Date;
}

/**
 * The scoped signing key of one site: it lets agencies of that site in, each with the rights of its
 * own code, and can do nothing else. It is all that a province holds of the broker's keys.
 */
export interface SiteSigner {
  readonly site: Site;
  /** Public key of the account `AGENCY_<site>`. */
  readonly account: string;
  /** Public key of the signing key itself. */
  readonly publicKey: string;
  /**
   * @returns the user's JWT; with the agency's own seed it makes the credentials file.
   * @throws {@link BusError} `BUS_AGENCY_CODE_INVALID`, or `BUS_CREDENTIALS_INVALID` for a bad key.
   */
  signAgency(user: AgencyUser): Promise<string>;
}

const signerFile = z.strictObject({
  version: z.literal(1),
  site: z.string(),
  account: z.string(),
  seed: z.string(),
});
const MAX_SIGNER_FILE_BYTES = 4_096;

function createSiteSigner(site: Site, account: string, key: NatsKey): SiteSigner {
  const home = parseSite(site);
  const accountPublicKey = parsePublicKey('account', account);
  return {
    site: home,
    account: accountPublicKey,
    publicKey: key.publicKey,
    signAgency: async ({ code, userPublicKey, expiresAt, now }) =>
      await signScopedUserJwt(
        {
          // The server puts name and tags into subjects as they are: only a checked code gets there.
          name: codeToToken(code),
          tags: agencyTags(code),
          userPublicKey: parsePublicKey('user', userPublicKey),
          accountPublicKey,
          expiresAt,
          now,
        },
        key,
      ),
  };
}

/** The content of the file that a province gets; it holds a secret. */
export function encodeSiteSigner(site: Site, account: string, key: NatsKey): string {
  const seed = Buffer.from(key.seed).toString('latin1');
  return `${JSON.stringify({ version: 1, site: parseSite(site), account, seed }, undefined, 2)}\n`;
}

/** @throws {@link BusError} `BUS_CREDENTIALS_INVALID`; the message never quotes the file. */
export function decodeSiteSigner(content: string): SiteSigner {
  const { site, account, seed } = readSignerFile(content);
  return createSiteSigner(site, account, readNatsKey('account', seed));
}

/**
 * Opens the signing key of a site out of its file.
 *
 * @throws {@link BusError} `BUS_CREDENTIALS_INVALID`.
 */
export async function openSiteSigner(file: string): Promise<SiteSigner> {
  return decodeSiteSigner(await readFile(file, 'utf8'));
}

function readSignerFile(content: string): z.infer<typeof signerFile> {
  if (content.length <= MAX_SIGNER_FILE_BYTES) {
    try {
      const read = signerFile.safeParse(JSON.parse(content));
      if (read.success) return read.data;
    } catch {
      // Not JSON: the parser's message could quote the seed.
    }
  }
  throw new BusError('BUS_CREDENTIALS_INVALID', 'cannot read the signing key of a site', {
    details: { length: content.length },
  });
}
