/** Largest payload of a record; a report with a thousand recipients fits. */
export const MAX_RECORD_PAYLOAD_BYTES = 64 * 1024;
/** Largest CMS signature of a record; with a whole certificate chain inside it stays below. */
export const MAX_RECORD_SIGNATURE_BYTES = 16 * 1024;
/** Largest package, open part and sealed content together, that travels inside its message. */
export const MAX_INLINE_PACKAGE_BYTES = 200 * 1024;
/** Largest open part: header, manifest and signature of a package that lists a thousand agencies. */
export const MAX_OPEN_PART_BYTES = 512 * 1024;
/** Largest sealed content of a package: what a size in four bytes can tell. */
export const MAX_SEALED_BYTES = 2 ** 32 - 1;
/** Largest message of the bus: a record as large as can be, and an open part. */
export const MAX_MESSAGE_BYTES =
  MAX_RECORD_PAYLOAD_BYTES + MAX_RECORD_SIGNATURE_BYTES + 64 + MAX_OPEN_PART_BYTES;

export const MAX_DOCUMENT_ID_LENGTH = 100;
export const MAX_ABSTRACT_LENGTH = 2_000;
export const MAX_REASON_LENGTH = 1_000;
export const MAX_NAME_LENGTH = 500;
export const MAX_RECIPIENT_COUNT = 1_000;
export const MAX_MISSING_RANGE_COUNT = 1_000;
export const MAX_WARNING_COUNT = 50;
export const MAX_CERTIFICATE_COUNT = 16;
export const MAX_CERTIFICATE_BYTES = 6 * 1024;
export const MAX_RELATED_CODE_COUNT = 200;
/** The sites of one registrar; the country has 34 provinces and the centre. */
export const MAX_DELEGATED_SITE_COUNT = 100;
