import { hash } from 'node:crypto';

import {
  type DerElement,
  OID,
  TAG,
  contextConstructed,
  encodeExplicit,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTlv,
  readDer,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { parseTimeStampToken, requireImprint } from '../tsp/token.ts';
import { type HashName, readHashAlgorithm } from '../x509/algorithm.ts';
import { MAX_ATTACHED_CMS_BYTES, openSignedData, readSignedData } from './signed-data.ts';

/**
 * Gets a token over a signature value and encodes it as the unsigned attribute
 * signature-time-stamp (ETSI EN 319 122-1 §5.3).
 *
 * @param usual - hash for sources that have no wish of their own.
 */
export async function makeSignatureTimeStamp(
  signature: Uint8Array,
  source: TimeStampSource,
  usual: HashName,
): Promise<Uint8Array> {
  const name = source.hash ?? usual;
  const digest = hash(name, signature, 'buffer');
  const token = await source.timeStamp(digest, name);
  requireImprint(parseTimeStampToken(token), digest, name);
  return encodeSequence(encodeOid(OID.signatureTimeStampToken), encodeTlv(TAG.SET, token));
}

/**
 * Adds a signature-time-stamp to a message: CAdES B-B becomes B-T. All other bytes of the signer's
 * part stay as they are, so the signature is not touched; time-stamps that are there stay too.
 *
 * The message is not verified: stamping a wrong signature proves only that it was wrong then.
 *
 * @returns ContentInfo; DER when the message was DER.
 * @throws {@link SignerError} `SIGNER_DER_INVALID` when the message cannot be read or has not one
 *   signer; what the source throws; `SIGNER_TIMESTAMP_INVALID` when its token is over other bytes.
 */
export async function addSignatureTimeStamp(
  cms: Uint8Array,
  source: TimeStampSource,
): Promise<Uint8Array> {
  const { signerInfo } = readSignedData(cms, MAX_ATTACHED_CMS_BYTES);
  const usual = readHashAlgorithm(signerInfo.digestAlgorithm) ?? 'sha256';
  const attribute = await makeSignatureTimeStamp(signerInfo.signature, source, usual);
  const message = readDer(cms, { rules: 'BER', maxBytes: MAX_ATTACHED_CMS_BYTES });
  const members = openSignedData(message).children();
  const signerInfos = members.pop();
  const [signer] = signerInfos?.children() ?? [];
  if (signer === undefined)
    throw new SignerError('SIGNER_DER_INVALID', 'the message has no signer');
  const signedData = encodeSequence(
    ...members.map(({ raw }) => raw),
    encodeTlv(TAG.SET, withAttribute(signer, attribute)),
  );
  return encodeSequence(encodeOid(OID.signedData), encodeExplicit(0, signedData));
}

function withAttribute(signer: DerElement, attribute: Uint8Array): Uint8Array {
  const unsignedTag = contextConstructed(1);
  const members = signer.children();
  const unsigned = members.at(-1)?.tag === unsignedTag ? members.pop() : undefined;
  const attributes = [...(unsigned?.children() ?? []).map(({ raw }) => raw), attribute];
  return encodeSequence(...members.map(({ raw }) => raw), encodeSetOf(attributes, unsignedTag));
}
