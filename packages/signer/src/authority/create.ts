import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';

import { SignerError } from '../errors.ts';
import type { KeyAlgorithm } from '../keys/generate.ts';
import type { Signer } from '../keys/signer.ts';
import { encodePem } from '../x509/pem.ts';
import { type Authority, type AuthorityOptions, openAuthority } from './authority.ts';
import { readBaseUrl } from './authority-urls.ts';
import { hasCode, syncFolder } from '../disk/durable.ts';
import { formatIndex } from './index-file.ts';
import { buildRootCrl } from './lists.ts';
import {
  buildIssuingCertificate,
  buildRootCertificate,
  elsewhere,
  prepareCaKey,
  writeIssuingCa,
  writeKey,
} from './new-ca.ts';
import { type SubjectName, encodeName } from './profile.ts';
import { AUTHORITY_FILES, AuthorityStore } from './store.ts';

const MIN_PASSPHRASE_CHARACTERS = 8;

/** What a new authority is to be. */
export interface CreateAuthorityOptions extends AuthorityOptions {
  /** Name of the issuing CA; the root has the same with ` (gốc)` behind its common name. */
  readonly name: SubjectName;
  /** Kind of both CA keys; default RSA-3072, which every PDF reader accepts. */
  readonly algorithm?: KeyAlgorithm;
  /** The key of the issuing CA, when it is in a token or behind a service already. */
  readonly issuingSigner?: Signer | undefined;
  /** Where it will be reached over HTTP; goes into the certificates. */
  readonly baseUrl?: string;
}

/**
 * Makes a root, an issuing CA below it and their first CRLs, and writes them to a folder that must
 * not exist or be empty. Either all of it is there afterwards, or nothing. Keys that are given as
 * Signers stay where they are; the others are written encrypted.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_EXISTS`; `SIGNER_INPUT_INVALID` for a passphrase of
 *   fewer than 8 characters, an unusable name or address.
 */
export async function createAuthority(options: CreateAuthorityOptions): Promise<Authority> {
  const { folder, passphrase } = options;
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS) {
    const message = `the passphrase needs at least ${MIN_PASSPHRASE_CHARACTERS} characters`;
    throw new SignerError('SIGNER_INPUT_INVALID', message);
  }
  await assertFree(folder);
  const temporary = `${path.resolve(folder)}.${randomBytes(6).toString('hex')}.tmp`;
  await mkdir(path.join(temporary, AUTHORITY_FILES.issued), { recursive: true, mode: 0o700 });
  try {
    await writeAuthority(temporary, options);
    await assertFree(folder);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) throw exists(folder);
    throw error;
  }
  await syncFolder(path.dirname(path.resolve(folder)));
  const { issuingSigner } = options;
  const issuingSigners = issuingSigner === undefined ? [] : [issuingSigner];
  return openAuthority({ ...options, issuingSigners });
}

function exists(folder: string): SignerError {
  const message = `'${folder}' is not empty: an authority is made in a new folder`;
  return new SignerError('SIGNER_AUTHORITY_EXISTS', message, { details: { folder } });
}

/** Fails unless the folder is absent or empty; an empty one is removed to make room. */
async function assertFree(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length > 0) throw exists(folder);
    await rmdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOTDIR')) throw exists(folder);
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

async function writeAuthority(folder: string, options: CreateAuthorityOptions): Promise<void> {
  const { name, passphrase, algorithm } = options;
  const baseUrl = options.baseUrl === undefined ? undefined : readBaseUrl(options.baseUrl);
  const store = new AuthorityStore({ ...options, folder });
  const now = store.now();
  const rootName = encodeName({ ...name, commonName: `${name.commonName} (gốc)` });
  const issuingName = encodeName(name);
  const [rootKey, issuingKey] = await Promise.all([
    prepareCaKey(algorithm, options.rootSigner),
    prepareCaKey(algorithm, options.issuingSigner),
  ]);
  const key = rootKey.issuingKey(rootName);
  const root = await buildRootCertificate(rootKey, rootName, now);
  const issuing = await buildIssuingCertificate(
    issuingKey,
    issuingName,
    { key, certificate: root },
    now,
    baseUrl,
  );

  if (rootKey.privateKey !== undefined) {
    await writeKey(store, AUTHORITY_FILES.rootKey, rootKey.privateKey, passphrase);
  }
  await store.write(AUTHORITY_FILES.rootCertificate, encodePem('CERTIFICATE', root.der));
  await store.write(AUTHORITY_FILES.rootCrl, await buildRootCrl(key, 1, now, root, []));
  await writeIssuingCa(store, { number: 1, certificate: issuing }, issuingKey, passphrase, now);
  let auditHead: string | undefined;
  for (const [event, certificate] of Object.entries({ root, issuing })) {
    const { serialNumber, subjectText, sha256 } = certificate;
    auditHead = await store.record(`create-${event}`, { serialNumber, subjectText, sha256 });
  }
  const { serialNumber, sha256 } = issuing;
  const state = { crlNumber: 1, serialNumber, sha256, ...elsewhere(issuingKey) };
  const index = { rootCrlNumber: 1, issuing: [state], auditHead, baseUrl, certificates: [] };
  await store.write(AUTHORITY_FILES.index, formatIndex(index), 0o640);
}
