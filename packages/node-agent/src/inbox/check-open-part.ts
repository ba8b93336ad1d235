import { hash } from 'node:crypto';

import {
  type AgencyCode,
  BusError,
  type DeliveryPayload,
  type DirectoryEntry,
  type Finding,
  certificatesOf,
  findingOfVerdict,
  unpackOpenPart,
} from '@congvan/bus';
import {
  type Indication,
  type OpenPart,
  SignerError,
  type TrustStore,
  parseCertificate,
  readOpenPart,
  verifyDetached,
} from '@congvan/signer';

import { type PackageHeader, readPackageHeader } from '../package/header.ts';
import { Rejection } from './rejection.ts';

export interface OpenPartContext {
  readonly self: AgencyCode;
  readonly trust: TrustStore;
  readonly now: Date;
}

/** What of a package is in the clear, and checked before anything of it is fetched or opened. */
export interface ShownPackage {
  readonly openPart: OpenPart;
  readonly header: PackageHeader;
  readonly packageIndication: Indication;
  /** The sealed content where it came inside the message. */
  readonly sealed: Uint8Array | undefined;
}

/**
 * Checks the body of an authentic delivery: the open part is the one that the record names, signed by
 * the sender, and its header says what the record says. Pure.
 */
export function checkOpenPart(
  delivery: DeliveryPayload,
  body: Uint8Array,
  sender: DirectoryEntry,
  context: OpenPartContext,
): ShownPackage | { readonly finding: Finding; readonly detail: string } {
  try {
    const { open, sealed } = splitBody(delivery, body);
    const openPart = requireOpenPart(open);
    if (openPart.manifestSha256 !== delivery.packageDigest) {
      throw new Rejection(
        'PACKAGE_DIGEST_MISMATCH',
        `the manifest is ${openPart.manifestSha256}, the record says ${delivery.packageDigest}`,
      );
    }
    const packageIndication = requirePackageSignature(openPart, sender, context);
    const header = requireHeader(openPart, delivery, context.self);
    return { openPart, header, packageIndication, sealed };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { finding: error.finding, detail: error.message };
  }
}

function splitBody(
  delivery: DeliveryPayload,
  body: Uint8Array,
): { open: Uint8Array; sealed: Uint8Array | undefined } {
  const { open: named, sealed } = delivery;
  const openBytes = named.packedBytes ?? named.bytes;
  const expected = openBytes + (sealed.chunkBytes === null ? sealed.bytes : 0);
  if (body.length !== expected) {
    const detail = `a body of ${body.length} bytes, the record says ${expected}`;
    throw new Rejection('PACKAGE_DIGEST_MISMATCH', detail);
  }
  const part = body.subarray(0, openBytes);
  const open = named.packedBytes === undefined ? part : unpack(part);
  const sha256 = hash('sha256', open, 'hex');
  if (open.length !== named.bytes || sha256 !== named.sha256) {
    throw new Rejection(
      'PACKAGE_DIGEST_MISMATCH',
      `an open part of ${open.length} bytes with SHA-256 ${sha256}, the record says ${named.bytes} with ${named.sha256}`,
    );
  }
  return { open, sealed: sealed.chunkBytes === null ? body.subarray(openBytes) : undefined };
}

function unpack(packed: Uint8Array): Uint8Array {
  try {
    return unpackOpenPart(packed);
  } catch (error) {
    if (error instanceof BusError) throw new Rejection('PACKAGE_MALFORMED', error.message);
    throw error;
  }
}

function requireOpenPart(bytes: Uint8Array): OpenPart {
  try {
    return readOpenPart(bytes);
  } catch (error) {
    if (error instanceof SignerError) throw new Rejection('PACKAGE_MALFORMED', error.message);
    throw error;
  }
}

function requirePackageSignature(
  openPart: OpenPart,
  sender: DirectoryEntry,
  context: OpenPartContext,
): Indication {
  const listed = certificatesOf(sender, 'node');
  const verdict = verifyDetached({
    cms: openPart.signature,
    content: openPart.manifest,
    candidates: listed.map((certificate) => parseCertificate(certificate.der)),
    trust: context.trust,
    at: context.now,
  });
  const used = verdict.certificate?.sha256;
  if (used !== undefined && !listed.some((certificate) => certificate.sha256 === used)) {
    throw new Rejection(
      'SIGNER_NOT_LISTED',
      `the package is signed with certificate ${used}, which the directory does not list for ${sender.code}`,
    );
  }
  if (verdict.indication !== 'TOTAL-PASSED') {
    throw new Rejection(findingOfVerdict(verdict), `package signature: ${verdict.detail}`);
  }
  return verdict.indication;
}

function requireHeader(
  openPart: OpenPart,
  delivery: DeliveryPayload,
  self: AgencyCode,
): PackageHeader {
  const header = readPackageHeader(openPart);
  if ('fault' in header) throw new Rejection('HEADER_MISMATCH', header.fault);
  const { from, to, documentId, businessType } = header;
  if (from !== delivery.from) {
    throw new Rejection('HEADER_MISMATCH', `the header is from ${from}, not ${delivery.from}`);
  }
  if (!to.includes(self)) {
    throw new Rejection('WRONG_RECIPIENT', `the header names ${to.join(', ')}, not ${self}`);
  }
  if (documentId !== delivery.documentId || businessType !== delivery.businessType) {
    throw new Rejection(
      'HEADER_MISMATCH',
      `the header is of document ${documentId} (business type ${businessType}), the record of ${delivery.documentId} (${delivery.businessType})`,
    );
  }
  return header;
}
