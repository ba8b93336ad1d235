import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';

import { SignerError } from '../errors.ts';
import { type KeyAlgorithm, type KeyPair, generateKeys } from '../keys/generate.ts';
import { encryptPrivateKeyInfo } from '../keys/pbes2.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { encodePem } from '../x509/pem.ts';
import {
  AUTHORITY_FILES,
  type Authority,
  type AuthorityOptions,
  CRL_DAYS,
  buildEmptyRootCrl,
  openAuthority,
  readClock,
  writeAudit,
} from './authority.ts';
import { type IssuingKey, buildCertificate, buildCrl, randomSerial } from './build.ts';
import { hasCode, syncFolder, writeFileAtomic } from './files.ts';
import { formatIndex } from './index-file.ts';
import {
  type SubjectName,
  caExtensions,
  crlDistributionPointExtension,
  encodeName,
} from './profile.ts';

const DAY_MS = 86_400_000;
const ROOT_DAYS = 20 * 365;
const ISSUING_DAYS = 15 * 365;
const MIN_PASSPHRASE_CHARACTERS = 8;

/** What a new authority is to be. */
export interface CreateAuthorityOptions extends AuthorityOptions {
  /** Name of the issuing CA; the root has the same with ` (gốc)` behind its common name. */
  readonly name: SubjectName;
  /** Kind of both CA keys; default RSA-3072, which every PDF reader accepts. */
  readonly algorithm?: KeyAlgorithm;
}

/**
 * Makes a root, an issuing CA below it and their first CRLs, and writes them to a folder that must
 * not exist or be empty. Either all of it is there afterwards, or nothing.
 *
 * @throws {@link SignerError} `SIGNER_AUTHORITY_EXISTS`; `SIGNER_INPUT_INVALID` for a passphrase of
 *   fewer than 8 characters or an unusable name.
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
  return openAuthority(options);
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
  const { name, passphrase, algorithm = 'rsa-3072' } = options;
  const now = readClock(options);
  const [rootKeys, issuingKeys] = await Promise.all([
    generateKeys(algorithm),
    generateKeys(algorithm),
  ]);
  const rootName = encodeName({ ...name, commonName: `${name.commonName} (gốc)` });
  const root: IssuingKey = { nameDer: rootName, privateKey: rootKeys.privateKey };
  const issuing: IssuingKey = { nameDer: encodeName(name), privateKey: issuingKeys.privateKey };
  const rootCertificate = await issueCa(root, rootKeys, root, now, ROOT_DAYS);
  const issuingCertificate = await issueCa(issuing, issuingKeys, root, now, ISSUING_DAYS);

  const write = (file: string, content: Uint8Array | string, mode?: number): Promise<void> =>
    writeFileAtomic(path.join(folder, file), content, mode);
  const writeKey = (file: string, { privateKey }: KeyPair): Promise<void> => {
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const encrypted = encryptPrivateKeyInfo(pkcs8, passphrase);
    return write(file, encodePem('ENCRYPTED PRIVATE KEY', encrypted), 0o600);
  };
  await writeKey(AUTHORITY_FILES.rootKey, rootKeys);
  await writeKey(AUTHORITY_FILES.issuingKey, issuingKeys);
  await write(AUTHORITY_FILES.rootCertificate, encodePem('CERTIFICATE', rootCertificate.der));
  await write(AUTHORITY_FILES.issuingCertificate, encodePem('CERTIFICATE', issuingCertificate.der));
  await write(AUTHORITY_FILES.rootCrl, await buildEmptyRootCrl(root, 1, now, rootCertificate));
  const nextUpdate = new Date(Number(now) + CRL_DAYS * DAY_MS);
  const times = { thisUpdate: now, nextUpdate, keepsExpiredSince: issuingCertificate.notBefore };
  await write(
    AUTHORITY_FILES.crl,
    await buildCrl({ number: 1, ...times, revocations: [] }, issuing),
  );
  const index = { crlNumber: 1, rootCrlNumber: 1, certificates: [] };
  await write(AUTHORITY_FILES.index, formatIndex(index), 0o640);
  const cas = { root: rootCertificate, issuing: issuingCertificate };
  for (const [event, { serialNumber, subjectText, sha256 }] of Object.entries(cas)) {
    await writeAudit({ ...options, folder }, `create-${event}`, {
      serialNumber,
      subjectText,
      sha256,
    });
  }
}

async function issueCa(
  subject: IssuingKey,
  keys: KeyPair,
  issuer: IssuingKey,
  now: Date,
  days: number,
): Promise<Certificate> {
  const isRoot = subject === issuer;
  const content = {
    subjectDer: subject.nameDer,
    publicKey: keys.publicKey,
    serial: randomSerial(),
    notBefore: new Date(Number(now) - DAY_MS),
    notAfter: new Date(Number(now) + days * DAY_MS),
    extensions: isRoot
      ? caExtensions(undefined)
      : [...caExtensions(0), crlDistributionPointExtension(issuer.nameDer)],
  };
  return parseCertificate(await buildCertificate(content, issuer));
}
