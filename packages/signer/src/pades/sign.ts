import { signCms } from '../cms/sign.ts';
import { SignerError, type SignerErrorCode } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { IncrementWriter } from '../pdf/increment.ts';
import type { PdfLimits } from '../pdf/limits.ts';
import { encodeDate, encodeTextString } from '../pdf/text.ts';
import { PdfDict, PdfName, PdfRef, type PdfValue } from '../pdf/values.ts';
import type { Appearance } from '../stamp/appearance.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { writeAppearance } from './appearance.ts';
import { digestByteRange } from './byte-range.ts';
import { addDocumentTimeStamp } from './document-time-stamp.ts';
import {
  INVISIBLE,
  type NewField,
  type WidgetPlace,
  addField,
  chooseFieldName,
  fillByteRange,
  fillContents,
  newFileId,
  writeSignature,
} from './field.ts';
import { signedFields } from './form.ts';
import type { PdfLevel, ValidationDataSource } from './level.ts';
import { addLongTermData } from './long-term.ts';
import {
  type CertificationLevel,
  type FieldLock,
  isLocked,
  lockDictionary,
  signatureReferences,
} from './mdp.ts';
import { PreparedPdf, preparePdf } from './prepare.ts';
import { repairPdf } from './repair.ts';

export interface SignPdfOptions {
  /** The time the signer claims; it is no proof (`/M`). */
  readonly signedAt: Date;
  readonly reason?: string;
  readonly location?: string;
  readonly contactInfo?: string;
  /** Name of the new signature field; by default the first free `SignatureN`. */
  readonly fieldName?: string;
  /** Default: `B-T` with a time-stamp source, else `B-B`. */
  readonly level?: PdfLevel;
  /** Needed from B-T on. */
  readonly timeStamps?: TimeStampSource;
  /** Needed from B-LT on. */
  readonly validationData?: ValidationDataSource;
  /** Certifies the document: only the first signature of a file can. */
  readonly certify?: CertificationLevel;
  /** Form fields that may not change after this signature. */
  readonly lockFields?: FieldLock;
  /** What the signature shows, from `prepareStamp`; by default nothing. */
  readonly appearance?: Appearance;
  /**
   * Rebuilds a file that nobody has signed when its cross-reference is broken or it holds pages that
   * it does not show ({@link repairPdf}). The output then begins with the rebuilt file.
   */
  readonly repair?: boolean;
  readonly limits?: PdfLimits;
  /** Calls the signature off while it waits for a token or a person's phone. */
  readonly signal?: AbortSignal;
}

/** Signature value, signed attributes and the algorithm identifiers of one SignerInfo. */
const CMS_OVERHEAD_BYTES = 1536;
/** Attribute and lengths around a token. */
const TOKEN_OVERHEAD_BYTES = 64;
const MAX_TEXT_LENGTH = 2_000;

/**
 * Signs a PDF as PAdES (ETSI EN 319 142-1 §6.3): a detached CAdES signature in a new signature
 * field, appended as an incremental update; from B-T on with a time-stamp in the signature; from
 * B-LT on followed by a revision with the validation data (DSS); for B-LTA by a document
 * time-stamp. The output begins with the exact input, so that earlier signatures stay valid.
 *
 * @returns the whole signed file.
 * @throws {@link SignerError} `SIGNER_PDF_*` when the file cannot be read or must not be signed,
 *   `SIGNER_INPUT_INVALID` for an unusable option, `SIGNER_REVOCATION_MISSING` when B-LT cannot be
 *   reached, and whatever signer, time-stamp source and source of validation data throw.
 */
export async function signPdf(
  pdf: Uint8Array | PreparedPdf,
  signer: Signer,
  options: SignPdfOptions,
): Promise<Uint8Array> {
  const { level, timeStamps, validationData, limits } = checkOptions(options);
  const prepared = pdf instanceof PreparedPdf ? pdf : prepare(pdf, options);
  const fieldName = chooseName(prepared, options);
  const file = await signOnce(prepared, signer, { ...options, fieldName }, timeStamps);
  if (validationData === undefined || timeStamps === undefined) return file;
  const withData = await addLongTermData(file, {
    fieldNames: new Set([fieldName]),
    known: [signer.certificate, ...signer.chain],
    validationData,
    limits,
  });
  if (level !== 'B-LTA') return withData;
  return addDocumentTimeStamp(withData, timeStamps, limits);
}

const REPAIRABLE: ReadonlySet<SignerErrorCode> = new Set([
  'SIGNER_PDF_BROKEN',
  'SIGNER_PDF_HIDDEN_PAGE',
]);

function prepare(pdf: Uint8Array, { repair, limits }: SignPdfOptions): PreparedPdf {
  try {
    return preparePdf(pdf, limits);
  } catch (error) {
    if (repair !== true || !(error instanceof SignerError) || !REPAIRABLE.has(error.code)) {
      throw error;
    }
    return preparePdf(repairPdf(pdf, limits), limits);
  }
}

/** The options that belong to the level, each present exactly when the level needs it. */
interface LevelOptions {
  readonly level: PdfLevel;
  readonly timeStamps: TimeStampSource | undefined;
  readonly validationData: ValidationDataSource | undefined;
  readonly limits: PdfLimits | undefined;
}

function invalid(message: string, details: Readonly<Record<string, number>> = {}): SignerError {
  return new SignerError('SIGNER_INPUT_INVALID', message, { details });
}

function checkOptions(options: SignPdfOptions): LevelOptions {
  const year = options.signedAt.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9998) throw invalid('signedAt is no usable time');
  for (const key of ['reason', 'location', 'contactInfo', 'fieldName'] as const) {
    const length = options[key]?.length ?? 0;
    if (length > MAX_TEXT_LENGTH) {
      throw invalid(`${key} of ${length} characters, limit ${MAX_TEXT_LENGTH}`, {
        length,
        maxLength: MAX_TEXT_LENGTH,
      });
    }
  }
  const { timeStamps, validationData, limits, certify } = options;
  if (certify !== undefined && ![1, 2, 3].includes(certify)) {
    throw invalid(`certification level ${String(certify)} is not 1, 2 or 3`);
  }
  const level = options.level ?? (timeStamps === undefined ? 'B-B' : 'B-T');
  if (level !== 'B-B' && timeStamps === undefined) {
    throw invalid(`level ${level} needs a source of time-stamps`);
  }
  const isLongTerm = level === 'B-LT' || level === 'B-LTA';
  if (isLongTerm && validationData === undefined) {
    throw invalid(`level ${level} needs a source of validation data`);
  }
  return {
    level,
    timeStamps: level === 'B-B' ? undefined : timeStamps,
    validationData: isLongTerm ? validationData : undefined,
    limits,
  };
}

function chooseName({ document, signable }: PreparedPdf, options: SignPdfOptions): string {
  if (options.certify !== undefined && signedFields(document).length > 0) {
    throw invalid('only the first signature of a file can certify it');
  }
  const name = chooseFieldName(signable.fields, options.fieldName, 'Signature');
  if (signable.locks.some((lock) => isLocked(lock, name))) {
    throw new SignerError(
      'SIGNER_PDF_LOCKED',
      `an earlier signature locks the form fields, also a new field "${name}" (FieldMDP)`,
    );
  }
  return name;
}

async function signOnce(
  prepared: PreparedPdf,
  signer: Signer,
  options: SignPdfOptions & { readonly fieldName: string },
  timeStamps: TimeStampSource | undefined,
): Promise<Buffer> {
  const { document, signable } = prepared;
  const writer = new IncrementWriter(document, signable.survey.counts);
  const entries = signatureEntries(signer, options);
  const root = document.trailer.get('Root');
  const { certify, lockFields, fieldName } = options;
  if (root instanceof PdfRef && (certify !== undefined || lockFields !== undefined)) {
    entries.set('Reference', signatureReferences(root, certify, lockFields));
  }
  const signature = writeSignature(writer, entries, roomOf(signer, timeStamps));
  const { appearance, signedAt } = options;
  const place: WidgetPlace =
    appearance === undefined
      ? { page: signable.firstPage, entries: INVISIBLE }
      : writeAppearance(writer, prepared, appearance, signedAt);
  let lock: PdfRef | undefined;
  if (lockFields !== undefined) {
    lock = writer.allocate();
    writer.write(lock, lockDictionary(lockFields));
  }
  const field: NewField = { name: fieldName, signature: signature.ref, place, lock };
  const permissions = document.dict(document.catalog().get('Perms'))?.entries ?? [];
  const catalog: Record<string, PdfValue> =
    certify === undefined
      ? {}
      : { Perms: new PdfDict(new Map([...permissions, ['DocMDP', signature.ref]])) };
  addField(writer, document, { ...field, catalog });
  const salt = `${fieldName} ${options.signedAt.toISOString()}`;
  const file = writer.finish(newFileId(prepared.pdf, salt));
  const byteRange = fillByteRange(file, signature);
  const content = { digest: (hash: string) => digestByteRange(file, byteRange, hash) };
  const { signal } = options;
  const cms = await signCms(content, signer, { timeStamps, signal });
  fillContents(file, signature, cms);
  return file;
}

/** Most bytes the CMS message of this signer can have. */
function roomOf(signer: Signer, timeStamps: TimeStampSource | undefined): number {
  let bytes = CMS_OVERHEAD_BYTES + 2 * signer.certificate.issuerDer.length;
  bytes += signer.certificate.der.length;
  for (const certificate of signer.chain) bytes += certificate.der.length;
  if (timeStamps !== undefined) bytes += TOKEN_OVERHEAD_BYTES + timeStamps.maxTokenBytes;
  return bytes;
}

function signatureEntries(signer: Signer, options: SignPdfOptions): Map<string, PdfValue> {
  const entries = new Map<string, PdfValue>([
    ['Type', new PdfName('Sig')],
    ['Filter', new PdfName('Adobe.PPKLite')],
    ['SubFilter', new PdfName('ETSI.CAdES.detached')],
    ['M', encodeTextString(encodeDate(options.signedAt))],
  ]);
  const texts: readonly (readonly [string, string | undefined])[] = [
    ['Name', signer.certificate.commonName],
    ['Reason', options.reason],
    ['Location', options.location],
    ['ContactInfo', options.contactInfo],
  ];
  for (const [key, text] of texts) {
    if (text !== undefined && text !== '') entries.set(key, encodeTextString(text));
  }
  return entries;
}
