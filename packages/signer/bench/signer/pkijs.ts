import { fromBER } from 'asn1js';
import { Certificate, ContentInfo, SignedData } from 'pkijs';

/** Verifies a detached CMS message and its path with pkijs, as its documentation shows. */
export async function verifyWithPkijs(
  cms: Uint8Array,
  content: Uint8Array,
  anchor: Uint8Array,
): Promise<boolean> {
  const message = new ContentInfo({ schema: fromBER(Uint8Array.from(cms).buffer).result });
  const signedData = new SignedData({ schema: message.content });
  const trustedCerts = [Certificate.fromBER(Uint8Array.from(anchor).buffer)];
  const data = Uint8Array.from(content).buffer;
  return await signedData.verify({ signer: 0, data, trustedCerts, checkChain: true });
}
