import { OID } from '../der/index.ts';
import { type Objection, indeterminate } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';

/**
 * Says why a certificate may not make time-stamps (RFC 3161 §2.3): extended key usage timeStamping
 * must be there, critical and alone, and the key must be one for signatures, not that of a CA.
 */
export function objectionToTsa(certificate: Certificate): Objection | undefined {
  const { basicConstraints, keyUsage, extKeyUsage, extensions, subjectText } = certificate;
  const refuse = (why: string): Objection =>
    indeterminate('CHAIN_CONSTRAINTS_FAILURE', `certificate of '${subjectText}' ${why}`);
  if (basicConstraints?.cA === true) return refuse('is that of a CA, not of a TSA');
  if (extKeyUsage?.size !== 1 || !extKeyUsage.has(OID.timeStamping)) {
    return refuse('is not for time-stamping alone (extKeyUsage)');
  }
  if (extensions.get(OID.extKeyUsage)?.critical !== true) {
    return refuse('has timeStamping, but not as a critical extension');
  }
  const usages = new Set(keyUsage);
  const forOther = [...usages].some(
    (usage) => usage !== 'digitalSignature' && usage !== 'nonRepudiation',
  );
  if (keyUsage !== undefined && (usages.size === 0 || forOther)) {
    return refuse('is not for signatures alone (keyUsage)');
  }
  return undefined;
}
