import { SignerError } from '../errors.ts';
import { checkIssuerSignature } from '../path/signature-cache.ts';
import type { TrustStore } from '../path/trust-store.ts';
import { MAX_PATH_CERTIFICATES } from '../path/build.ts';
import { type PathVerdict, validatePath } from '../path/validate.ts';
import { OID } from '../der/index.ts';
import { caIssuerUrlsOf, ocspUrlsOf } from '../x509/authority-info.ts';
import type { Certificate } from '../x509/certificate.ts';
import { MAX_CERTIFICATE_FILE_BYTES, parseCertificateFile } from '../x509/certificate-file.ts';
import { type CertificateList, parseCrl } from '../x509/crl.ts';
import { freshestCrlUrlsOf, urlsOfPoints } from '../x509/distribution-urls.ts';
import type { RevocationEvidence } from './evidence.ts';
import { type FetchLimits, Fetcher } from './fetch.ts';
import { MAX_OCSP_BYTES, type OcspResponse, parseOcspResponse } from './ocsp.ts';
import { MAX_AGE_WITHOUT_NEXT_UPDATE_MS } from './ocsp-check.ts';
import { encodeOcspRequest } from './ocsp-request.ts';
import { type ValidationData, mergeValidationData } from './validation-data.ts';

/** How validation data is gathered. */
export interface CollectOptions {
  readonly trust: TrustStore;
  /** The time the certificates are to be validated at; usually now. */
  readonly at: Date;
  /** Whether servers named in the certificates may be asked. */
  readonly online: boolean;
  /** What is at hand already, apart from the trust store; used where it is fresh and right. */
  readonly known?: ValidationData;
  readonly limits?: Partial<FetchLimits>;
  /**
   * Whether an address of a certificate may be asked; default: every http and https address, since
   * provinces serve their lists in networks of their own. A program on a server that judges files of
   * strangers refuses its own network here.
   */
  readonly mayFetch?: (url: URL) => boolean;
  /** Hears of every server that gave nothing usable and of every certificate left without data. */
  readonly onFailure?: (failure: SignerError) => void;
}

/** Larger CRLs are not fetched. */
const MAX_FETCHED_CRL_BYTES = 32 * 1024 * 1024;
/** Further addresses of one kind in a certificate are not tried. */
const MAX_URLS = 4;
/** CA certificates change seldom: an answer is kept for a day. */
const KEEP_CERTIFICATES_MS = 24 * 60 * 60 * 1000;
/** More certificates than this are not looked after in one call. */
const MAX_TARGETS = 128;

type Asks = readonly (() => Promise<void>)[];

/**
 * Gathers all that is needed to validate certificates later, without asking anyone: their chains, and
 * for every certificate below an anchor a fresh OCSP response or CRL, with the certificates of OCSP
 * responders and CRL signers and what proves those.
 *
 * What the trust store and `known` hold comes first. The rest is asked of the servers the
 * certificates name: missing issuers (caIssuers), then OCSP, then CRLs with their deltas. Only http and
 * https addresses are asked, only for certificates that lead to an anchor (or whose issuer is being
 * looked for), within limits; every answer is checked as in validation and dropped when it proves
 * nothing. Usable answers are kept in memory until they are out of date.
 *
 * It never throws for a server's sake: what is missing is told to `onFailure`
 * (`SIGNER_FETCH_FAILED`, `SIGNER_FETCH_TOO_LARGE`, `SIGNER_OCSP_INVALID`, `SIGNER_CRL_INVALID`,
 * `SIGNER_CERTIFICATE_INVALID`, at the end `SIGNER_REVOCATION_MISSING` with
 * `details.certificateSha256`), and validation then says TRY_LATER.
 */
export async function collectValidationData(
  certificates: readonly Certificate[],
  options: CollectOptions,
): Promise<ValidationData> {
  const collection = new Collection(certificates, options);
  if (options.online) await collection.complete();
  return collection.result();
}

class Collection {
  private readonly trust: TrustStore;
  private readonly at: Date;
  private readonly onFailure: (failure: SignerError) => void;
  private readonly fetcher: Fetcher;
  /** What may be needed, in the order in which it came up. */
  private readonly targets = new Map<string, Certificate>();
  /** Certificates whose issuer or revocation state has been asked for. */
  private readonly asked = new Set<string>();
  private data: ValidationData;

  constructor(certificates: readonly Certificate[], options: CollectOptions) {
    const { trust, at, known, limits, mayFetch, onFailure } = options;
    this.trust = trust;
    this.at = at;
    this.onFailure = onFailure ?? (() => undefined);
    this.data = mergeValidationData({ certificates }, known);
    for (const certificate of certificates) this.add(certificate);
    this.fetcher = new Fetcher({ trust, at, limits, mayFetch, onFailure: this.onFailure });
  }

  private add(certificate: Certificate): void {
    if (this.targets.size < MAX_TARGETS) this.targets.set(certificate.sha256, certificate);
  }

  private judge(certificate: Certificate, data: ValidationData = this.data): PathVerdict {
    const { trust, at } = this;
    const isExempt =
      certificate.extensions.has(OID.ocspNoCheck) &&
      certificate.extKeyUsage?.has(OID.ocspSigning) === true;
    const purpose = isExempt ? 'ocsp' : 'any';
    return validatePath(certificate, { trust, at, data, purpose, revocation: 'require' });
  }

  /** Asks servers, a round at a time, until nothing new can be asked. */
  async complete(): Promise<void> {
    for (let round = 0; round < 2 * MAX_PATH_CERTIFICATES; round += 1) {
      this.addSigners();
      const wanted = [...this.targets.values()].map((target) => this.wantedFor(target));
      const asks = [
        ...wanted.flatMap(({ states }) => states),
        ...wanted.flatMap(({ issuers }) => issuers),
      ];
      if (asks.length === 0) return;
      await Promise.all(asks.map(async (ask) => await ask()));
    }
  }

  /** Responders and CRL signers have chains and states of their own. */
  private addSigners(): void {
    // A Map is walked over what is added on the way too: signers of signers.
    for (const target of this.targets.values()) {
      for (const evidence of this.judge(target).evidence) {
        const signer = this.signerOf(evidence);
        if (signer !== undefined) this.add(signer);
      }
    }
  }

  /** What to ask for: states of what leads to an anchor, else issuers on the way to one. */
  private wantedFor(target: Certificate): { readonly states: Asks; readonly issuers: Asks } {
    const { chain, certificates } = this.judge(target);
    if (chain.length === 0) {
      const issuers = this.withoutIssuer(target)
        .filter((certificate) => this.isFirstQuestion('issuer', certificate))
        .map((certificate) => async () => await this.askForIssuer(certificate));
      return { states: [], issuers };
    }
    const states = certificates.flatMap(({ state }, index) => {
      const certificate = chain[index];
      const issuer = chain[index + 1];
      if (state !== 'unknown' || certificate === undefined || issuer === undefined) return [];
      if (!this.isFirstQuestion('state', certificate)) return [];
      return [async () => await this.askForState(certificate, issuer)];
    });
    return { states, issuers: [] };
  }

  private isFirstQuestion(kind: string, { sha256 }: Certificate): boolean {
    const question = `${kind} ${sha256}`;
    if (this.asked.has(question)) return false;
    this.asked.add(question);
    return true;
  }

  /** The upper ends of what is known of a certificate's chain, where no issuer is at hand. */
  private withoutIssuer(target: Certificate): readonly Certificate[] {
    const seen = new Map([[target.sha256, target]]);
    const ends: Certificate[] = [];
    for (const certificate of seen.values()) {
      const issuers = this.issuersOf(certificate);
      if (issuers.length === 0 && !certificate.isSelfIssued) ends.push(certificate);
      for (const issuer of issuers) {
        if (seen.size < MAX_PATH_CERTIFICATES) seen.set(issuer.sha256, issuer);
      }
    }
    return ends;
  }

  private issuersOf(certificate: Certificate): readonly Certificate[] {
    const offered = this.data.certificates.filter(
      ({ subject }) => subject.key === certificate.issuer.key,
    );
    const candidates = [...(this.trust.bySubject.get(certificate.issuer.key) ?? []), ...offered];
    return candidates
      .slice(0, MAX_TARGETS)
      .filter((candidate) => checkIssuerSignature(certificate, candidate) === 'right');
  }

  private async askForIssuer(certificate: Certificate): Promise<void> {
    for (const url of this.usableUrls(caIssuerUrlsOf(certificate))) {
      const maxBytes = MAX_CERTIFICATE_FILE_BYTES;
      const fetched = await this.fetcher.fetch({ url, maxBytes, isGuess: true });
      const found = this.parse(fetched?.body, url, parseCertificateFile) ?? [];
      const issuers = found.filter(
        (candidate) => checkIssuerSignature(certificate, candidate) === 'right',
      );
      if (issuers.length > 0) {
        fetched?.keepUntil(new Date(Number(this.at) + KEEP_CERTIFICATES_MS));
        // The others of the file may be the rest of the chain; none of them is trusted.
        this.data = mergeValidationData(this.data, { certificates: [...issuers, ...found] });
        return;
      }
      if (found.length > 0) this.refuse(url, `holds no issuer of '${certificate.subjectText}'`);
    }
  }

  private async askForState(certificate: Certificate, issuer: Certificate): Promise<void> {
    for (const url of this.usableUrls(ocspUrlsOf(certificate))) {
      if (await this.askResponder(url, certificate, issuer)) return;
    }
    await this.askForCrls(certificate);
  }

  /** True when the responder's answer, fresh or kept, proves something. */
  private async askResponder(
    url: string,
    certificate: Certificate,
    issuer: Certificate,
  ): Promise<boolean> {
    const body = encodeOcspRequest(certificate, issuer);
    const post = { body, mediaType: 'application/ocsp-request' };
    for (const isFresh of [false, true]) {
      const fetched = await this.fetcher.fetch({ url, post, maxBytes: MAX_OCSP_BYTES }, isFresh);
      const response = this.parse(fetched?.body, url, parseOcspResponse);
      if (fetched === undefined || response === undefined) return false;
      const until = this.take(certificate, { ocsps: [response] });
      if (until !== undefined) {
        fetched.keepUntil(until);
        return true;
      }
      if (await this.takeWithResponder(certificate, response)) return true;
      if (!fetched.isFromCache) break;
    }
    this.refuse(url, `gives no usable answer on '${certificate.subjectText}'`);
    return false;
  }

  /** A responder that is not exempt from revocation needs a CRL before its answer counts. */
  private async takeWithResponder(
    certificate: Certificate,
    response: OcspResponse,
  ): Promise<boolean> {
    const responders = response.certificates.filter(
      ({ extKeyUsage, extensions }) =>
        extKeyUsage?.has(OID.ocspSigning) === true && !extensions.has(OID.ocspNoCheck),
    );
    const crls: CertificateList[] = [];
    for (const responder of responders.slice(0, MAX_URLS)) {
      const isOfOurs = this.issuersOf(responder).length > 0;
      if (!isOfOurs || !this.isFirstQuestion('responder', responder)) continue;
      crls.push(...(await this.fetchCrls(responder)));
    }
    // The same responder may have been asked about for another certificate before.
    return this.take(certificate, { ocsps: [response], crls }) !== undefined;
  }

  private async askForCrls(certificate: Certificate): Promise<void> {
    const crls = await this.fetchCrls(certificate);
    if (crls.length > 0 && this.take(certificate, { crls }) === undefined) {
      const [url = ''] = urlsOfPoints(certificate.crlDistributionPoints);
      this.refuse(url, `holds no usable CRL for '${certificate.subjectText}'`);
    }
  }

  /** The lists at a certificate's distribution points, and their deltas; not checked yet. */
  private async fetchCrls(certificate: Certificate): Promise<readonly CertificateList[]> {
    const urls = this.usableUrls(urlsOfPoints(certificate.crlDistributionPoints));
    const complete = (await Promise.all(urls.map((url) => this.fetchCrl(url, certificate)))).flat();
    const deltaUrls = [
      ...freshestCrlUrlsOf(certificate),
      ...complete.flatMap(({ freshestCrl }) => urlsOfPoints(freshestCrl)),
    ];
    const deltas = this.usableUrls(deltaUrls).map((url) => this.fetchCrl(url, certificate));
    return [...complete, ...(await Promise.all(deltas)).flat()];
  }

  private async fetchCrl(url: string, certificate: Certificate): Promise<CertificateList[]> {
    for (const isFresh of [false, true]) {
      const maxBytes = MAX_FETCHED_CRL_BYTES;
      const fetched = await this.fetcher.fetch({ url, maxBytes }, isFresh);
      const crl = this.parse(fetched?.body, url, parseCrl);
      if (fetched === undefined || crl === undefined) return [];
      // A kept list proved usable for another certificate; here it may be of no use.
      const { nextUpdate } = crl;
      const isUsable = this.isEvidence(certificate, { crls: [crl] });
      if (isUsable && nextUpdate !== undefined) fetched.keepUntil(nextUpdate);
      if (isUsable || !fetched.isFromCache) return [crl];
    }
    return [];
  }

  /** True when the items decide the state of the certificate. */
  private isEvidence(certificate: Certificate, items: Partial<ValidationData>): boolean {
    return this.used(certificate, mergeValidationData(this.data, items), items).length > 0;
  }

  private used(
    certificate: Certificate,
    data: ValidationData,
    { crls = [], ocsps = [] }: Partial<ValidationData>,
  ): readonly RevocationEvidence[] {
    const offered = new Set([...crls, ...ocsps].map(({ sha256 }) => sha256));
    const { evidence } = this.judge(certificate, data);
    return evidence.filter(({ sha256 }) => offered.has(sha256));
  }

  /**
   * Adds those items that the state of the certificate rests on. Returns until when the answer holds,
   * `undefined` when nothing was taken.
   */
  private take(certificate: Certificate, items: Partial<ValidationData>): Date | undefined {
    const used = this.used(certificate, mergeValidationData(this.data, items), items);
    if (!used.some(({ certificateSha256 }) => certificateSha256 === certificate.sha256)) {
      return undefined;
    }
    const digests = new Set(used.map(({ sha256 }) => sha256));
    this.data = mergeValidationData(this.data, {
      crls: (items.crls ?? []).filter(({ sha256 }) => digests.has(sha256)),
      ocsps: (items.ocsps ?? []).filter(({ sha256 }) => digests.has(sha256)),
    });
    const until = used.map(({ thisUpdate, nextUpdate }) =>
      Number(nextUpdate ?? Number(thisUpdate) + MAX_AGE_WITHOUT_NEXT_UPDATE_MS),
    );
    return new Date(Math.min(...until));
  }

  /** http and https, each once; others are named in a report. */
  private usableUrls(urls: readonly string[]): readonly string[] {
    const distinct = [...new Set(urls)].slice(0, 2 * MAX_URLS);
    const isWeb = (url: string): boolean => /^https?:\/\//i.test(url);
    for (const url of distinct) {
      if (!isWeb(url)) this.refuse(url, 'is not asked: only http and https addresses are');
    }
    return distinct.filter(isWeb).slice(0, MAX_URLS);
  }

  private refuse(url: string, why: string): void {
    const message = `'${url}' ${why}`;
    this.onFailure(new SignerError('SIGNER_FETCH_FAILED', message, { details: { url } }));
  }

  private parse<T>(
    body: Uint8Array | undefined,
    url: string,
    read: (bytes: Uint8Array) => T,
  ): T | undefined {
    if (body === undefined) return undefined;
    try {
      return read(body);
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
      const message = `'${url}' answers with something else: ${error.message}`;
      this.onFailure(new SignerError(error.code, message, { cause: error, details: { url } }));
      return undefined;
    }
  }

  private signerOf(evidence: RevocationEvidence): Certificate | undefined {
    const wanted = evidence.kind === 'crl' ? evidence.signerSha256 : evidence.responderSha256;
    const { anchors, intermediates, ocsps } = this.trust;
    const candidates = [
      ...anchors,
      ...intermediates,
      ...this.data.certificates,
      ...[...ocsps, ...this.data.ocsps].flatMap(({ certificates }) => certificates),
    ];
    return candidates.find(({ sha256 }) => sha256 === wanted);
  }

  /** What the verdicts rest on, and no more. */
  result(): ValidationData {
    this.addSigners();
    const evidence = new Set<string>();
    const certificates: Certificate[] = [];
    for (const target of this.targets.values()) {
      const verdict = this.judge(target);
      certificates.push(...verdict.chain);
      for (const { sha256 } of verdict.evidence) evidence.add(sha256);
      const isMissing = verdict.certificates.some(({ state }) => state === 'unknown');
      if (verdict.chain.length > 0 && !isMissing) continue;
      const message = `no fresh revocation data for '${target.subjectText}': ${verdict.detail}`;
      const details = { certificateSha256: target.sha256 };
      this.onFailure(new SignerError('SIGNER_REVOCATION_MISSING', message, { details }));
    }
    const isUsed = ({ sha256 }: { readonly sha256: string }): boolean => evidence.has(sha256);
    return mergeValidationData({
      certificates,
      crls: [...this.trust.crls, ...this.data.crls].filter(isUsed),
      ocsps: [...this.trust.ocsps, ...this.data.ocsps].filter(isUsed),
    });
  }
}
