import { hash } from 'node:crypto';

import { SignerError } from '../errors.ts';
import type { ServiceHandler, ServiceRequest } from '../http/server.ts';
import type { Signer } from '../keys/signer.ts';
import {
  type OcspStatement,
  buildOcspResponse,
  encodeOcspError,
} from '../revocation/ocsp-build.ts';
import { type OcspRequest, keyHashOf, parseOcspRequest } from '../revocation/ocsp-request.ts';
import type { CertId } from '../revocation/ocsp.ts';
import type { Authority } from './authority.ts';
import type { IssuingCa } from './ca-keys.ts';

/** What a responder is made of. */
export interface OcspResponderOptions {
  readonly authority: Authority;
  /** The clock; default: the system's. */
  readonly now?: () => Date;
  /**
   * How long an answer may be used by its receiver, in milliseconds; default one hour. A verifier that
   * keeps answers learns of a revocation so much later.
   */
  readonly validityMs?: number;
  /** Hears why a request could not be answered; the client learns only that it could not. */
  readonly onError?: (error: unknown) => void;
}

/** Answers about the certificates of an authority (RFC 6960). */
export interface OcspResponder {
  /** Answers an OCSPRequest with an OCSPResponse, both DER. Nothing is thrown. */
  answer(request: Uint8Array): Promise<Uint8Array>;
}

const DEFAULT_VALIDITY_MS = 3_600_000;
/** An answer without a nonce is given again for so long, unless anything was issued or revoked. */
const CACHE_MS = 600_000;
const MAX_CACHED_ANSWERS = 10_000;
/** Usual requests have a hundred bytes; anybody can make them large and many. */
const MAX_CACHED_REQUEST_BYTES = 512;
/** A new certificate is made when less than this part of the life of the old one is left. */
const RENEW_BELOW = 1 / 3;

interface Cache {
  version: string;
  readonly answers: Map<string, { readonly until: number; readonly response: Uint8Array }>;
}

/**
 * Makes the OCSP responder of an authority. It answers from the index, so a revocation shows at once,
 * by whichever command it was made.
 *
 * Answers are signed with short-lived keys that are kept in memory: one for each issuing CA, with a
 * certificate for OCSP signing by that CA, made when it is first needed and again in time. Certificates
 * of other issuers are none of its business: `unauthorized`. A serial number that was not issued here
 * is `unknown`.
 */
export function createOcspResponder(options: OcspResponderOptions): OcspResponder {
  const { authority, onError } = options;
  const now = options.now ?? (() => new Date());
  const signerOf = signersOf(authority, now);
  const cache: Cache = { version: '', answers: new Map() };
  return {
    async answer(bytes) {
      let request: OcspRequest;
      try {
        request = parseOcspRequest(bytes);
      } catch {
        return encodeOcspError('malformedRequest');
      }
      if (request.certIds.some((certId) => certId.hash === undefined)) {
        return encodeOcspError('malformedRequest');
      }
      try {
        const at = now();
        const known = cached(cache, authority.version(), bytes, at);
        if (known !== undefined) return known;
        const ca = issuerOf(authority, request);
        if (ca === undefined) return encodeOcspError('unauthorized');
        const signer = await signerOf(ca);
        // Made before the index is read, so that an answer is never older than the version it is kept for.
        const version = authority.version();
        const validityMs = options.validityMs ?? DEFAULT_VALIDITY_MS;
        const responses = request.certIds.map((certId) =>
          statementOf(authority, ca, certId, at, endOf(at, validityMs, signer)),
        );
        const { nonce } = request;
        const response = await buildOcspResponse({ responses, producedAt: at, signer, nonce });
        const isUsual = nonce === undefined && responses.length === 1;
        if (isUsual && bytes.length <= MAX_CACHED_REQUEST_BYTES) {
          keep(cache, version, bytes, { until: Number(at) + CACHE_MS, response });
        }
        return response;
      } catch (error) {
        onError?.(error);
        const isRevoked =
          error instanceof SignerError && error.code === 'SIGNER_AUTHORITY_ALREADY_REVOKED';
        return encodeOcspError(isRevoked ? 'unauthorized' : 'internalError');
      }
    },
  };
}

/** One signer for each issuing CA, made when it is needed and again before its certificate ends. */
function signersOf(authority: Authority, now: () => Date): (ca: IssuingCa) => Promise<Signer> {
  const signers = new Map<number, Signer>();
  const underWay = new Map<number, Promise<Signer>>();
  const renew = (ca: IssuingCa): Promise<Signer> => {
    let work = underWay.get(ca.number);
    if (work === undefined) {
      work = authority.issueOcspSigner(ca).finally(() => underWay.delete(ca.number));
      underWay.set(ca.number, work);
    }
    return work;
  };
  return async (ca) => {
    const known = signers.get(ca.number);
    const left = known === undefined ? 0 : partLeft(known, now());
    if (known !== undefined && left > RENEW_BELOW) return known;
    try {
      const signer = await renew(ca);
      signers.set(ca.number, signer);
      return signer;
    } catch (error) {
      // Another command may hold the folder: the old certificate does as long as it lasts.
      if (known !== undefined && left > 0) return known;
      throw error;
    }
  };
}

function partLeft({ certificate: { notBefore, notAfter } }: Signer, now: Date): number {
  return (Number(notAfter) - Number(now)) / (Number(notAfter) - Number(notBefore));
}

function endOf(at: Date, validityMs: number, { certificate }: Signer): Date {
  return new Date(Math.min(Number(at) + validityMs, Number(certificate.notAfter)));
}

/** The issuing CA that the request is about; with several, that of the first one known here. */
function issuerOf(authority: Authority, { certIds }: OcspRequest): IssuingCa | undefined {
  for (const certId of certIds) {
    const ca = authority.issuingCas().find((one) => isOf(certId, one));
    if (ca !== undefined) return ca;
  }
  return undefined;
}

function isOf({ hash: name, issuerNameHash, issuerKeyHash }: CertId, ca: IssuingCa): boolean {
  if (name === undefined) return false;
  const { certificate } = ca;
  return (
    Buffer.compare(issuerNameHash, hash(name, certificate.subjectDer, 'buffer')) === 0 &&
    Buffer.compare(issuerKeyHash, keyHashOf(certificate, name)) === 0
  );
}

function statementOf(
  authority: Authority,
  ca: IssuingCa,
  certId: CertId,
  thisUpdate: Date,
  nextUpdate: Date,
): OcspStatement {
  const entry = isOf(certId, ca) ? authority.lookUp(certId.serialNumber) : undefined;
  const times = { certId, thisUpdate, nextUpdate };
  if (entry === undefined || entry.issuingCa !== ca.number) return { ...times, status: 'unknown' };
  // What has expired stays in the index: answers about it hold back to the beginning of the CA.
  const archive = { ...times, archiveCutoff: ca.certificate.notBefore };
  if (entry.revoked === undefined) return { ...archive, status: 'good' };
  const { at: revokedAt, reason, invalidSince } = entry.revoked;
  const said = reason === 'unspecified' ? undefined : reason;
  return { ...archive, status: { revokedAt, reason: said, invalidSince } };
}

function keyOfRequest(request: Uint8Array): string {
  return Buffer.from(request).toString('latin1');
}

function cached(
  cache: Cache,
  version: string,
  request: Uint8Array,
  at: Date,
): Uint8Array | undefined {
  if (cache.version !== version) return undefined;
  const known = cache.answers.get(keyOfRequest(request));
  return known !== undefined && known.until > Number(at) ? known.response : undefined;
}

function keep(
  cache: Cache,
  version: string,
  request: Uint8Array,
  answer: { readonly until: number; readonly response: Uint8Array },
): void {
  if (cache.version !== version) {
    cache.answers.clear();
    cache.version = version;
  }
  const oldest = cache.answers.keys().next().value;
  if (cache.answers.size >= MAX_CACHED_ANSWERS && oldest !== undefined) {
    cache.answers.delete(oldest);
  }
  cache.answers.set(keyOfRequest(request), answer);
}

/**
 * The responder as a handler of an HTTP service: POST, and GET with the request in base64 as the path
 * (RFC 6960 §A.1).
 */
export function ocspHandler(responder: OcspResponder): ServiceHandler {
  return async (request) => {
    const bytes = request.method === 'POST' ? request.body : requestOfPath(request);
    const body =
      bytes === undefined ? encodeOcspError('malformedRequest') : await responder.answer(bytes);
    // Short: a cache on the way must not hide a revocation for long.
    const caching = request.method === 'GET' ? 'public, max-age=60, no-transform' : 'no-store';
    return { mediaType: 'application/ocsp-response', body, headers: { 'cache-control': caching } };
  };
}

/** Base64 in a path; clients escape `+`, `/` and `=`, or not. */
function requestOfPath({ rest }: ServiceRequest): Uint8Array | undefined {
  let text: string;
  try {
    text = decodeURIComponent(rest.slice(1));
  } catch {
    return undefined;
  }
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
