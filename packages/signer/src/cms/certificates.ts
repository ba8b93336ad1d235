import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { unique } from '../revocation/validation-data.ts';
import type { Certificate } from '../x509/certificate.ts';
import { MAX_ATTACHED_CMS_BYTES, type SignedData, readSignedData } from './signed-data.ts';
import { isNamedBy, readCertificateReference, refersTo } from './signer-certificate.ts';

/**
 * Collects all certificates of a CMS message and of the time-stamps in it. Nothing is verified; what
 * cannot be read is left out. For gathering validation data.
 *
 * @param cms - SignedData, or a time-stamp token.
 */
export function certificatesOfCms(cms: Uint8Array): readonly Certificate[] {
  const message = readMessage(cms);
  if (message === undefined) return [];
  const tokens = message.signerInfo.unsignedAttributes.get(OID.signatureTimeStampToken) ?? [];
  return signersFirst([message, ...tokens.flatMap((token) => readMessage(token) ?? [])]);
}

/**
 * The certificates of messages, those that signed before all others: a message may bring along any
 * number of strangers, and whoever gathers data for them looks after so many only.
 */
export function signersFirst(messages: readonly SignedData[]): readonly Certificate[] {
  return unique([
    ...messages.flatMap((message) => signerOf(message) ?? []),
    ...messages.flatMap(({ certificates }) => certificates),
  ]);
}

/** The certificate that the message names as its signer's, as verification would take it. */
function signerOf({ signerInfo, certificates }: SignedData): Certificate | undefined {
  const named = certificates.filter((one) => isNamedBy(signerInfo.sid, one));
  try {
    const reference = readCertificateReference(signerInfo);
    return reference === undefined ? named[0] : named.find((one) => refersTo(reference, one));
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}

function readMessage(cms: Uint8Array): SignedData | undefined {
  try {
    return readSignedData(cms, MAX_ATTACHED_CMS_BYTES);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}
