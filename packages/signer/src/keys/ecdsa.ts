import { encodeInteger, encodeSequence } from '../der/index.ts';

/**
 * Tokens and some services give r and s side by side, in equal lengths; X.509 wants ECDSA-Sig-Value
 * (RFC 3279 §2.2.3).
 */
export function ecdsaToDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return encodeSequence(
    encodeInteger(signature.subarray(0, half)),
    encodeInteger(signature.subarray(half)),
  );
}
