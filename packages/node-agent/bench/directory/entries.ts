import { createHash, randomFillSync } from 'node:crypto';

import { type DirectoryEntry, encodePayload, parseAgencyCode, signRecord } from '@congvan/bus';
import { signCms } from '@congvan/signer';
import { type TestPki, type TestSigner, createTestPki } from '@congvan/signer/testing';

export interface Registrar {
  readonly pki: TestPki;
  readonly signer: TestSigner;
}

export const ROOT = parseAgencyCode('TW.DK');
const MODELS = 60;
/** Serial number, public key, key identifier and signature: what differs between real certificates. */
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 64;
const PLACES = [
  'Bình Minh',
  'Đại Thắng',
  'Hòa Lạc',
  'Khánh Hậu',
  'Long Phước',
  'Tân Thạnh',
  'Yên Sở',
];

export async function createRegistrar(): Promise<Registrar> {
  const pki = await createTestPki();
  return { pki, signer: await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' }) };
}

/** Makes signed entries of communes with three P-256 certificates each, as random as real ones. */
export async function* makeEntries(
  { pki, signer }: Registrar,
  count: number,
): AsyncGenerator<Uint8Array> {
  const models: TestSigner[] = [];
  for (let index = 0; index < MODELS; index += 1) {
    models.push(await pki.issue({ commonName: nameOf(index * 997), use: 'node' }));
  }
  for (let index = 0; index < count; index += 1) {
    const certificates = (['seal', 'node', 'encryption'] as const).map((use, place) => {
      const model = models[(index * 3 + place) % MODELS];
      if (model === undefined) throw new Error('no model certificate');
      const der = vary(model.certificate.der, model.certificate.publicKeyDer);
      const sha256 = createHash('sha256').update(der).digest('hex');
      return { use, sha256, der: Buffer.from(der).toString('base64') };
    });
    const entry: DirectoryEntry = {
      sequence: index + 1,
      registrar: ROOT,
      code: codeOf(index),
      name: nameOf(index),
      tier: 'commune',
      parent: parseAgencyCode(`H${String(10 + (index % 34)).padStart(2, '0')}`),
      site: `H${String(10 + (index % 34)).padStart(2, '0')}`,
      role: 'agency',
      validFrom: '2026-01-01T00:00:00.000Z',
      validTo: null,
      oldCodes: [],
      predecessors: [],
      successors: [],
      certificates,
      natsUserKey: `U${createHash('sha256')
        .update(String(index))
        .digest('hex')
        .toUpperCase()
        .replace(/[0189]/g, 'Q')
        .slice(0, 55)}`,
      signedAt: new Date(Date.parse('2026-01-02T00:00:00Z') + index * 1_000).toISOString(),
    };
    yield await signRecord(
      'directory',
      encodePayload('directory', entry),
      async (tbs) => await signCms({ content: tbs }, signer, { certificates: 'none' }),
    );
  }
}

function codeOf(index: number): DirectoryEntry['code'] {
  const province = 10 + (index % 34);
  return parseAgencyCode(`H${province}.${Math.floor(index / 34 / 100)}.${index % 3400}`);
}

function nameOf(index: number): string {
  const place = PLACES[index % PLACES.length] ?? '';
  return `Ủy ban nhân dân xã ${place} ${index}`;
}

function vary(der: Uint8Array, spki: Uint8Array): Uint8Array {
  const copy = Buffer.from(der);
  const key = copy.indexOf(Buffer.from(spki).subarray(-KEY_BYTES));
  if (key === -1) throw new Error('the certificate holds no such key');
  randomFillSync(copy, key, KEY_BYTES);
  randomFillSync(copy, copy.length - SIGNATURE_BYTES, SIGNATURE_BYTES);
  randomFillSync(copy, 15, 8);
  return copy;
}
