import { type KeyObject, createHash, generateKeyPairSync, sign, verify } from 'node:crypto';

import {
  type DirectoryEntry,
  type SignBytes,
  type VerifySignature,
  type VerifyVerdict,
  parseAgencyCode,
} from '../../src/index.ts';

export const AT = new Date('2026-07-01T02:03:04.567Z');
export const SENDER = parseAgencyCode('H09.12');
export const RECIPIENT = parseAgencyCode('G22');

/**
 * A key pair whose public key stands for a certificate. Its signature starts with the fingerprint of
 * the key, as a CMS signature starts with the identifier of its signer: by reference only.
 */
export interface TestKey {
  readonly der: Uint8Array;
  readonly sha256: string;
  readonly sign: SignBytes;
}

export function createTestKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return { der, sha256: sha256(der), sign: (tbs) => signWith(privateKey, der, tbs) };
}

/** Real signatures, but neither CMS nor certificate paths: those are the signer's. */
export const verifySignature: VerifySignature = ({ content, signature, certificates }) => {
  const named = Buffer.from(signature.subarray(0, 32)).toString('hex');
  const der = certificates.find((candidate) => sha256(candidate) === named);
  if (der === undefined) return failed('INDETERMINATE', 'NO_SIGNING_CERTIFICATE_FOUND', null);
  const key = { key: Buffer.from(der), format: 'der', type: 'spki' } as const;
  const isGood = verify(null, content, key, signature.subarray(32));
  if (!isGood) return failed('TOTAL-FAILED', 'SIG_CRYPTO_FAILURE', named);
  return { indication: 'TOTAL-PASSED', subIndication: null, certificateSha256: named, detail: '' };
};

export function failed(
  indication: VerifyVerdict['indication'],
  subIndication: string,
  certificateSha256: string | null,
): VerifyVerdict {
  return { indication, subIndication, certificateSha256, detail: `because of ${subIndication}` };
}

export function createEntry(key: TestKey, changes: Partial<DirectoryEntry> = {}): DirectoryEntry {
  return {
    sequence: 1,
    registrar: RECIPIENT,
    code: SENDER,
    name: 'Sở Thử nghiệm',
    tier: 'province',
    parent: parseAgencyCode('H09'),
    site: 'H09',
    role: 'agency',
    validFrom: '2026-01-01T00:00:00.000Z',
    validTo: null,
    oldCodes: ['000.00.12.H09'],
    predecessors: [],
    successors: [],
    certificates: [
      { use: 'node', sha256: key.sha256, der: Buffer.from(key.der).toString('base64') },
    ],
    natsUserKey: null,
    ...changes,
  };
}

async function signWith(key: KeyObject, der: Uint8Array, tbs: Uint8Array): Promise<Uint8Array> {
  const fingerprint = Buffer.from(sha256(der), 'hex');
  return Buffer.concat([fingerprint, sign(null, tbs, key)]);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
