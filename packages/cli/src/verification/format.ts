/**
 * Kinds of files the command knows by their first bytes: a PDF, an ASiC container, a CMS signature
 * (attached or detached, a time-stamp token too) and a sealed file.
 */
export type FileFormat = 'pdf' | 'asic' | 'cms' | 'sealed';

/** How far into a file the header of a PDF may stand (ISO 32000-1, implementation note 13). */
const PDF_HEADER_RANGE_BYTES = 1024;
const ZIP_START = Buffer.from('PK\u0003\u0004', 'latin1');
const SEALED_START = Buffer.from('congvan-sealed/', 'latin1');
const DER_SEQUENCE = 0x30;
/** OBJECT IDENTIFIERs id-signedData (RFC 5652 §5.1) and id-ct-authEnvelopedData (RFC 5083 §2.1). */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');
const AUTH_ENVELOPED_DATA = Buffer.from('060b2a864886f70d0109100117', 'hex');
/** Tag and length of ContentInfo stand before the type: at most six bytes. */
const CONTENT_TYPE_RANGE_BYTES = 6;

/**
 * `undefined` when it is none of them. A package is looked for first: a short PDF stored in it stands
 * near its start as well.
 */
export function formatOf(bytes: Uint8Array): FileFormat | undefined {
  const start = Buffer.from(bytes.subarray(0, PDF_HEADER_RANGE_BYTES + 5));
  if (start.subarray(0, ZIP_START.length).equals(ZIP_START)) return 'asic';
  if (start.subarray(0, SEALED_START.length).equals(SEALED_START)) return 'sealed';
  if (start[0] === DER_SEQUENCE) {
    if (standsEarly(start, AUTH_ENVELOPED_DATA)) return 'sealed';
    if (standsEarly(start, SIGNED_DATA)) return 'cms';
  }
  return start.includes('%PDF-') ? 'pdf' : undefined;
}

function standsEarly(start: Buffer, oid: Buffer): boolean {
  const at = start.indexOf(oid);
  return at >= 2 && at <= CONTENT_TYPE_RANGE_BYTES;
}
