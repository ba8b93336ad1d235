import type { ValidationData } from '../revocation/validation-data.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Levels of ETSI EN 319 142-1 §6, each with all that the one before has. */
export const PDF_LEVELS = ['B-B', 'B-T', 'B-LT', 'B-LTA'] as const;
export type PdfLevel = (typeof PDF_LEVELS)[number];

/** Collects what the validation of these certificates needs later: issuers, CRLs, OCSP responses. */
export type ValidationDataSource = (
  certificates: readonly Certificate[],
) => Promise<ValidationData>;
