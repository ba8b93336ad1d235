import { SignerError } from '@congvan/signer';

import {
  type BuiltEvidence,
  type GatheredEvidence,
  type SealEvidenceOptions,
  buildEvidence,
} from './build.ts';

/**
 * As {@link buildEvidence}; where `timeStampMayLack`, a service that gives no time-stamp is no error:
 * whoever needs evidence today gets it, and file, cover sheet and result say that it lacks one.
 */
export async function sealEvidence(
  gathered: GatheredEvidence,
  options: SealEvidenceOptions & { readonly timeStampMayLack?: boolean | undefined },
): Promise<BuiltEvidence> {
  try {
    return await buildEvidence(gathered, options);
  } catch (error) {
    if (options.timeStampMayLack !== true || !isTimeStampFault(error)) throw error;
    return await buildEvidence(gathered, {
      ...options,
      timeStamps: undefined,
      lacksTimeStamp: true,
    });
  }
}

/** Whatever is wrong with the service: away, refusing, or answering with something else. */
function isTimeStampFault(error: unknown): boolean {
  return error instanceof SignerError && error.code.startsWith('SIGNER_TIMESTAMP_');
}
