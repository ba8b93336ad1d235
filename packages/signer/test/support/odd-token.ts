import { createHash } from 'node:crypto';

import {
  OID,
  TAG,
  encodeAsciiString,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeTlv,
} from '../../src/der/index.ts';
import type { TestSigner } from '../../src/testing/test-pki.ts';
import { type OddCms, algorithm, none, oddCms } from './odd-cms.ts';

export const POLICY = '1.3.6.1.4.1.99999.1.1';

/** TSTInfo put together from parts, all encoded; each can be replaced by an odd one. */
export interface OddTstInfo {
  readonly version?: number;
  readonly policy?: string;
  readonly hash?: Uint8Array;
  readonly imprint?: Uint8Array;
  readonly serial?: Uint8Array;
  /** Text of the GeneralizedTime. */
  readonly genTime?: string;
  readonly timeTag?: number;
  readonly accuracy?: Uint8Array;
  readonly ordering?: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly tsa?: Uint8Array;
  readonly extensions?: Uint8Array;
  readonly tail?: Uint8Array;
}

/** TSTInfo over the SHA-256 of the content, of 2026-02-01. */
export const oddTstInfo = (content: Uint8Array, parts: OddTstInfo = {}): Uint8Array =>
  encodeSequence(
    encodeInteger(parts.version ?? 1),
    encodeOid(parts.policy ?? POLICY),
    encodeSequence(
      parts.hash ?? algorithm(OID.sha256, encodeNull()),
      encodeOctetString(parts.imprint ?? createHash('sha256').update(content).digest()),
    ),
    encodeTlv(TAG.INTEGER, parts.serial ?? Uint8Array.of(1)),
    encodeAsciiString(parts.genTime ?? '20260201000000Z', parts.timeTag ?? TAG.GENERALIZED_TIME),
    parts.accuracy ?? none,
    parts.ordering ?? none,
    parts.nonce ?? none,
    parts.tsa ?? none,
    parts.extensions ?? none,
    parts.tail ?? none,
  );

/** A token over TSTInfo; `parts` replace parts of the message around it. */
export const oddToken = (
  signer: TestSigner,
  tstInfo: Uint8Array,
  parts: Partial<OddCms> = {},
): Promise<Uint8Array> =>
  oddCms({
    signer,
    content: tstInfo,
    eContent: tstInfo,
    eContentType: OID.tstInfo,
    version: 3,
    ...parts,
  });
