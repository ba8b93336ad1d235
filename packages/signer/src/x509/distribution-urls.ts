import { OID } from '../der/index.ts';
import { SignerError } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import { type DistributionPoint, readDistributionPoints, readExtension } from './extensions.ts';
import { isPrintable } from './general-name.ts';

/** Addresses of distribution points (RFC 5280 §4.2.1.13), whatever their scheme, in order. */
export function urlsOfPoints(points: readonly DistributionPoint[] | undefined): readonly string[] {
  return (points ?? []).flatMap(({ name }) =>
    name !== undefined && 'fullName' in name
      ? name.fullName.flatMap((general) =>
          general.kind === 'uri' && isPrintable(general.text) ? [general.text] : [],
        )
      : [],
  );
}

/** Addresses of delta CRLs that a certificate names (RFC 5280 §4.2.1.15); none when unreadable. */
export function freshestCrlUrlsOf({ extensions }: Certificate): readonly string[] {
  try {
    return urlsOfPoints(readExtension(extensions, OID.freshestCrl, readDistributionPoints));
  } catch (error) {
    if (error instanceof SignerError) return [];
    throw error;
  }
}
