import type { KeyObject } from 'node:crypto';

import { type KeyAlgorithm, generateKeys } from '../keys/generate.ts';
import { encryptPrivateKeyInfo } from '../keys/pbes2.ts';
import type { Signer } from '../keys/signer.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { encodePem } from '../x509/pem.ts';
import { authorityInfoAccessExtensions } from './addresses.ts';
import { urlsOfRoot } from './authority-urls.ts';
import { type IssuingKey, buildCertificate, buildCrl, randomSerial } from './build.ts';
import type { IssuingCa } from './ca-keys.ts';
import { readSubjectName } from './csr.ts';
import { CRL_DAYS, type ListTools } from './lists.ts';
import { caExtensions, crlDistributionPointExtension, encodeName } from './profile.ts';
import { type AuthorityStore, filesOfIssuingCa } from './store.ts';

const DAY_MS = 86_400_000;
const ROOT_DAYS = 20 * 365;
const ISSUING_DAYS = 15 * 365;

/** How a further issuing CA is made. */
export interface NewIssuingCaOptions {
  /** Kind of its key; default RSA-3072. */
  readonly algorithm?: KeyAlgorithm;
  /** A key that is in a token or behind a service already, instead of a new one. */
  readonly signer?: Signer;
}

/** The key of a CA to be made, and what is to be kept of it. */
export interface CaKeyMaterial {
  readonly publicKey: KeyObject;
  /** `undefined` when the key is in a token or behind a service. */
  readonly privateKey: KeyObject | undefined;
  readonly issuingKey: (nameDer: Uint8Array) => IssuingKey;
}

/** Makes a CA key, or takes the one of a Signer. */
export async function prepareCaKey(
  algorithm: KeyAlgorithm = 'rsa-3072',
  signer?: Signer,
): Promise<CaKeyMaterial> {
  if (signer !== undefined) {
    const { publicKey } = signer.certificate;
    return { publicKey, privateKey: undefined, issuingKey: (nameDer) => ({ nameDer, signer }) };
  }
  const { publicKey, privateKey } = await generateKeys(algorithm);
  return { publicKey, privateKey, issuingKey: (nameDer) => ({ nameDer, privateKey }) };
}

/** The self-signed certificate of a root. */
export async function buildRootCertificate(
  key: CaKeyMaterial,
  nameDer: Uint8Array,
  now: Date,
): Promise<Certificate> {
  const extensions = caExtensions(undefined);
  const life = lifeOf(now, ROOT_DAYS);
  const content = { ...life, subjectDer: nameDer, publicKey: key.publicKey, extensions };
  const der = await buildCertificate(
    { ...content, serial: randomSerial() },
    key.issuingKey(nameDer),
  );
  return parseCertificate(der);
}

/** The certificate of an issuing CA, signed by the root; it ends with the root at the latest. */
export async function buildIssuingCertificate(
  key: CaKeyMaterial,
  nameDer: Uint8Array,
  root: { readonly key: IssuingKey; readonly certificate: Certificate },
  now: Date,
  baseUrl: string | undefined,
): Promise<Certificate> {
  const urls = urlsOfRoot(baseUrl);
  const { notBefore, notAfter } = lifeOf(now, ISSUING_DAYS);
  const content = {
    notBefore: new Date(Math.max(Number(notBefore), Number(root.certificate.notBefore))),
    notAfter: new Date(Math.min(Number(notAfter), Number(root.certificate.notAfter))),
    subjectDer: nameDer,
    publicKey: key.publicKey,
    serial: randomSerial(),
    extensions: [
      ...caExtensions(0),
      crlDistributionPointExtension(root.key.nameDer, urls.crl),
      ...authorityInfoAccessExtensions(urls),
    ],
  };
  return parseCertificate(await buildCertificate(content, root.key));
}

function lifeOf(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(Number(now) - DAY_MS);
  return { notBefore, notAfter: new Date(Number(now) + days * DAY_MS) };
}

/** Writes key (if it is not elsewhere), certificate and first, empty CRL of an issuing CA. */
export async function writeIssuingCa(
  store: AuthorityStore,
  ca: IssuingCa,
  key: CaKeyMaterial,
  passphrase: string,
  now: Date,
): Promise<void> {
  const files = filesOfIssuingCa(ca.number);
  const { certificate } = ca;
  if (key.privateKey !== undefined) await writeKey(store, files.key, key.privateKey, passphrase);
  await store.write(files.certificate, encodePem('CERTIFICATE', certificate.der));
  const nextUpdate = new Date(Number(now) + CRL_DAYS * DAY_MS);
  const times = { thisUpdate: now, nextUpdate, keepsExpiredSince: certificate.notBefore };
  const content = { number: 1, ...times, revocations: [] };
  await store.write(files.crl, await buildCrl(content, key.issuingKey(certificate.subjectDer)));
}

/** Writes a private key, encrypted, for its owner only. */
export function writeKey(
  store: AuthorityStore,
  file: string,
  privateKey: KeyObject,
  passphrase: string,
): Promise<void> {
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const encrypted = encryptPrivateKeyInfo(pkcs8, passphrase);
  return store.write(file, encodePem('ENCRYPTED PRIVATE KEY', encrypted), 0o600);
}

/**
 * Adds an issuing CA with a name of its own: lists of two CAs are told apart by their names. Its files
 * are written first and count once the index knows them; one that died half-way is written over.
 */
export async function addIssuingCa(
  tools: ListTools,
  passphrase: string,
  { algorithm, signer }: NewIssuingCaOptions,
): Promise<IssuingCa> {
  const { store, keys } = tools;
  const key = await prepareCaKey(algorithm, signer);
  return store.change(async (change) => {
    const { index, now } = change;
    const number = index.issuing.length + 1;
    const first = keys.all()[0]?.certificate ?? keys.root;
    const { subject: name } = readSubjectName(first.subject);
    const nameDer = encodeName({ ...name, commonName: `${name.commonName} G${number}` });
    const root = { key: keys.rootKey(), certificate: keys.root };
    const certificate = await buildIssuingCertificate(key, nameDer, root, now, index.baseUrl);
    const ca = { number, certificate };
    await writeIssuingCa(store, ca, key, passphrase, now);
    const { serialNumber, subjectText, sha256 } = certificate;
    await change.record('create-issuing', { serialNumber, subjectText, sha256 });
    const state = { crlNumber: 1, serialNumber, sha256, ...elsewhere(key) };
    if (signer !== undefined) keys.useSigner(signer);
    await change.commit({ ...index, issuing: [...index.issuing, state] });
    return ca;
  });
}

/** Marks in the index that the key is not in the folder. */
export function elsewhere(key: CaKeyMaterial): { readonly keyIsElsewhere?: true } {
  return key.privateKey === undefined ? { keyIsElsewhere: true } : {};
}
