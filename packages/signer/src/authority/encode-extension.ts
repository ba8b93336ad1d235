import { encodeBoolean, encodeOctetString, encodeOid, encodeSequence } from '../der/index.ts';

/** One Extension (RFC 5280 §4.1), its value encoded already. */
export function encodeExtension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? encodeBoolean(true) : new Uint8Array(0);
  return encodeSequence(encodeOid(oid), flag, encodeOctetString(value));
}
