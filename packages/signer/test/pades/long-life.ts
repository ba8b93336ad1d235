import { extendPdf } from '../../src/pades/extend.ts';
import type { ValidationDataSource } from '../../src/pades/level.ts';
import { type SignPdfOptions, signPdf } from '../../src/pades/sign.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { createTimeStampAuthority } from '../../src/tsp/authority.ts';
import type { TimeStampSource } from '../../src/tsp/source.ts';
import { plainPdf } from './sources.ts';

/** A time-stamping authority of a PKI with a clock that stands at a day. */
export async function tsaOf(
  pki: TestPki,
  day: string,
  life: { notBefore: string; notAfter: string } = {
    notBefore: '2025-01-01',
    notAfter: '2045-01-01',
  },
): Promise<TimeStampSource> {
  const signer = await pki.issue({
    commonName: `TSA ${day}`,
    use: 'tsa',
    notBefore: new Date(life.notBefore),
    notAfter: new Date(life.notAfter),
  });
  const now = (): Date => new Date(`${day}T08:00:00Z`);
  return createTimeStampAuthority({ signer, policy: '1.3.6.1.4.1.99999.1.1', now }).source;
}

/** All that the authorities of these PKIs publish, as it is now. */
export function publishedBy(...pkis: readonly TestPki[]): ValidationDataSource {
  return (certificates) =>
    Promise.resolve({
      certificates: [...certificates, ...pkis.flatMap(({ root, issuing }) => [root, issuing])],
      crls: pkis.flatMap((pki) => [pki.rootCrl(), pki.crl()]),
      ocsps: [],
    });
}

/** A signature of 2026 with everything around it, to be looked at years later. */
export interface LongLife {
  readonly pki: TestPki;
  /** Valid in 2026 only. */
  readonly signer: TestSigner;
  readonly validationData: ValidationDataSource;
  sign(options: Partial<SignPdfOptions>): Promise<Uint8Array>;
  renew(pdf: Uint8Array, timeStamps: TimeStampSource): Promise<Uint8Array>;
}

export async function createLongLife(): Promise<LongLife> {
  const pki = await createTestPki();
  const signer = await pki.issue({
    commonName: 'UBND xã Hải Lăng',
    use: 'person',
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2026-12-31'),
  });
  const validationData = publishedBy(pki);
  const signedAt = new Date('2026-06-01T08:00:00Z');
  return {
    pki,
    signer,
    validationData,
    sign: (options) => signPdf(plainPdf(), signer, { signedAt, validationData, ...options }),
    renew: (pdf, timeStamps) => extendPdf(pdf, { to: 'B-LTA', timeStamps, validationData }),
  };
}
