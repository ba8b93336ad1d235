export { OID } from './oids.ts';
export {
  DerElement,
  type EncodingRules,
  MAX_DER_BYTES,
  MAX_DER_CHILDREN,
  MAX_DER_DEPTH,
  readDer,
} from './reader.ts';
export { TAG, contextConstructed, contextPrimitive } from './tags.ts';
export {
  DerFields,
  expectTag,
  integerBytes,
  readBitString,
  readBitStringBytes,
  readBoolean,
  readNamedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readText,
  readTime,
} from './values.ts';
export {
  encodeAsciiString,
  encodeBitString,
  encodeBoolean,
  encodeExplicit,
  encodeGeneralizedTime,
  encodeHeader,
  encodeImplicit,
  encodeInteger,
  encodeNamedBits,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeTime,
  encodeTlv,
  encodeUtf8String,
} from './writer.ts';
