/**
 * `node packages/signer/fuzz/seed-time-stamps.ts`: makes the seeds of `timestamp` anew, with a PKI
 * of their own whose private keys are forgotten.
 */
import { createHash } from 'node:crypto';

import { signCms } from '../src/cms/sign.ts';
import { createTestPki } from '../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../src/tsp/authority.ts';
import { encodeTimeStampRequest } from '../src/tsp/request.ts';
import { contextConstructed } from '../src/der/index.ts';
import { toIndefinite } from '../test/support/odd-cms.ts';
import { writeSeeds } from './corpus.ts';
import { STAMP_CONTENT as content, STAMP_PKI, STAMP_TIME } from './time-stamps.ts';

const pki = await createTestPki();
const [tsa, node] = await Promise.all([
  pki.issue({ commonName: 'Dấu thời gian', use: 'tsa', algorithm: 'ec-p256' }),
  pki.issue({ commonName: 'Nút thử', use: 'node' }),
]);
const policy = '1.3.6.1.4.1.99999.1.1';
const authority = createTimeStampAuthority({
  signer: tsa,
  policy,
  now: () => STAMP_TIME,
  accuracyMs: 1_500,
});
const imprint = createHash('sha256').update(content).digest();
const nonce = Uint8Array.of(0x5a, 1, 2, 3);
const query = encodeTimeStampRequest({ hash: 'sha256', imprint, policy, nonce });
const { source: timeStamps } = authority;
const stamped = await signCms({ content }, node, { attached: true, timeStamps });
/** Certificates and signed attributes, both tagged [0], stay DER. */
const isHashed = (tag: number, depth: number): boolean =>
  tag === contextConstructed(0) && (depth === 3 || depth === 5);

writeSeeds(STAMP_PKI, {
  'root.crt': pki.root.der,
  'issuing.crt': pki.issuing.der,
  'root.crl': pki.rootCrl().der,
  'issuing.crl': pki.crl().der,
});
writeSeeds('timestamp', {
  'seed-token': await timeStamps.timeStamp(imprint, 'sha256'),
  'seed-query': query,
  'seed-reply': await authority.answer(query),
  'seed-refusal': await authority.answer(query.subarray(1)),
  'seed-attached': stamped,
  'seed-ber': toIndefinite(stamped, isHashed),
});
