import type { ValidationData } from '../revocation/validation-data.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Levels of ETSI EN 319 142-1 §6. */
export type PdfLevel = 'B-B' | 'B-T' | 'B-LT' | 'B-LTA';

/** Collects what the validation of these certificates needs later: issuers, CRLs, OCSP responses. */
export type ValidationDataSource = (
  certificates: readonly Certificate[],
) => Promise<ValidationData>;
