import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { unique } from '../revocation/validation-data.ts';
import type { Certificate } from '../x509/certificate.ts';
import { MAX_ATTACHED_CMS_BYTES, type SignedData, readSignedData } from './signed-data.ts';

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
  return unique([
    ...message.certificates,
    ...tokens.flatMap((token) => readMessage(token)?.certificates ?? []),
  ]);
}

function readMessage(cms: Uint8Array): SignedData | undefined {
  try {
    return readSignedData(cms, MAX_ATTACHED_CMS_BYTES);
  } catch (error) {
    if (error instanceof SignerError) return undefined;
    throw error;
  }
}
