/** Result of a validation (ETSI EN 319 102-1 §5.1.3). */
export type Indication = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED';

/** Why a validation did not pass (ETSI EN 319 102-1 §5.1.3, table 6). */
export type SubIndication =
  | 'FORMAT_FAILURE'
  | 'HASH_FAILURE'
  | 'SIG_CRYPTO_FAILURE'
  | 'REVOKED'
  | 'REVOKED_NO_POE'
  | 'REVOKED_CA_NO_POE'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'OUT_OF_BOUNDS_NO_POE'
  | 'TIMESTAMP_ORDER_FAILURE'
  | 'SIG_CONSTRAINTS_FAILURE'
  | 'CHAIN_CONSTRAINTS_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'
  | 'NO_SIGNING_CERTIFICATE_FOUND'
  | 'NO_CERTIFICATE_CHAIN_FOUND'
  | 'SIGNED_DATA_NOT_FOUND'
  | 'TRY_LATER';

/** Indication and reason; `detail` is for people, in lower case without a full stop. */
export interface Judgement {
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
  readonly detail: string;
}

/** A judgement other than `TOTAL-PASSED`. */
export interface Objection extends Judgement {
  readonly subIndication: SubIndication;
}

/** The signature or certificate is wrong, whatever else may become known. */
export function failed(subIndication: SubIndication, detail: string): Objection {
  return { indication: 'TOTAL-FAILED', subIndication, detail };
}

/** Neither right nor wrong can be shown with what is known. */
export function indeterminate(subIndication: SubIndication, detail: string): Objection {
  return { indication: 'INDETERMINATE', subIndication, detail };
}
