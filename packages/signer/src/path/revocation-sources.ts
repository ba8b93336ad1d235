import type { OcspResponse } from '../revocation/ocsp.ts';
import type { CertificateList } from '../x509/crl.ts';
import { type TrustStore, groupOcsps, newestCrlFirst } from './trust-store.ts';

/** CRLs and OCSP responses of the store and of a message, joined where they are asked for. */
export class RevocationSources {
  private readonly trust: TrustStore;
  private readonly offeredCrls: ReadonlyMap<string, readonly CertificateList[]> | undefined;
  private readonly offeredOcsps: ReadonlyMap<string, readonly OcspResponse[]> | undefined;

  constructor(
    trust: TrustStore,
    offered: {
      readonly crls: readonly CertificateList[];
      readonly ocsps: readonly OcspResponse[];
    },
  ) {
    this.trust = trust;
    // All of them: what is left out here could be the one that says "revoked".
    const { crls, ocsps } = offered;
    if (crls.length > 0) this.offeredCrls = Map.groupBy(crls, ({ issuer }) => issuer.key);
    if (ocsps.length > 0) this.offeredOcsps = groupOcsps(ocsps);
  }

  crlsOf(issuerKey: string): readonly CertificateList[] {
    const own = this.trust.crlsByIssuer.get(issuerKey) ?? [];
    const offered = this.offeredCrls?.get(issuerKey);
    return offered === undefined ? own : [...own, ...offered].sort(newestCrlFirst);
  }

  ocspsOf(serialNumber: string): readonly OcspResponse[] {
    const own = this.trust.ocspsBySerial.get(serialNumber) ?? [];
    const offered = this.offeredOcsps?.get(serialNumber);
    return offered === undefined ? own : [...own, ...offered];
  }

  /** True for what the verifier itself holds: checking its signatures is not limited. */
  isOwn(signed: CertificateList | OcspResponse): boolean {
    return this.trust.isOwn(signed);
  }
}
