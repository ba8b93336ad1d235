import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { buildCertificate, buildCrl, randomSerial } from '../../src/authority/build.ts';
import { encodeExtension } from '../../src/authority/encode-extension.ts';
import {
  caExtensions,
  crlDistributionPointExtension,
  encodeName,
  endEntityExtensions,
} from '../../src/authority/profile.ts';
import { authorityInfoAccessExtensions } from '../../src/authority/addresses.ts';
import {
  OID,
  encodeExplicit,
  encodeImplicit,
  encodeInteger,
  encodeOid,
  encodeSequence,
  encodeTlv,
} from '../../src/der/index.ts';
import { startService, type RunningService, type ServiceHandler } from '../../src/http/server.ts';
import {
  type Certificate,
  type CertificateList,
  type CollectOptions,
  type SignerError,
  type TrustStore,
  type ValidationData,
  buildOcspResponse,
  collectValidationData,
  createTrustStore,
  encodePem,
  generateKeys,
  parseCertificate,
  parseOcspRequest,
  validatePath,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { issueOdd } from '../support/odd-certificate.ts';

const at = new Date('2026-03-01T12:00:00Z');
const day = (number: number): Date => new Date(Number(at) + number * 24 * 60 * 60 * 1000);

/** What a server serves: answers by path, and how often each was asked for. */
interface Site {
  readonly service: RunningService;
  readonly answers: Map<string, ServiceHandler>;
  readonly asked: Map<string, number>;
}

async function openSite(): Promise<Site> {
  const answers = new Map<string, ServiceHandler>();
  const asked = new Map<string, number>();
  const handler: ServiceHandler = async (request) => {
    asked.set(request.rest, (asked.get(request.rest) ?? 0) + 1);
    const answer = answers.get(request.rest);
    if (answer !== undefined) return await answer(request);
    return { status: 404, mediaType: 'text/plain', body: Buffer.from('none') };
  };
  const service = await startService({ routes: new Map([['/pki', handler]]) });
  return { service, answers, asked };
}

const file =
  (body: () => Uint8Array): ServiceHandler =>
  () =>
    Promise.resolve({ mediaType: 'application/octet-stream', body: body() });

let pki: TestPki;
let responder: TestSigner;
let bare: TrustStore;

beforeAll(async () => {
  pki = await createTestPki();
  responder = await pki.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' });
});

beforeEach(() => {
  // A store of its own for each test: what was fetched is kept per store.
  bare = createTrustStore({ anchors: [pki.root], crls: [pki.rootCrl()] });
});

/** Answers `good` for whatever is asked, for a week. */
const ocspGood =
  (signer: TestSigner = responder): ServiceHandler =>
  async ({ body }) => {
    const { certIds } = parseOcspRequest(body);
    const responses = certIds.map((certId) => {
      return { certId, status: 'good' as const, thisUpdate: day(-1), nextUpdate: day(6) };
    });
    const response = await buildOcspResponse({ responses, producedAt: day(-1), signer });
    return { mediaType: 'application/ocsp-response', body: response };
  };

async function freshCrl(number = 5): Promise<Uint8Array> {
  const times = { thisUpdate: day(-1), nextUpdate: day(6) };
  return await buildCrl({ number, ...times, revocations: [] }, pki.issuingKey);
}

async function collect(
  certificates: readonly Certificate[],
  options: Partial<CollectOptions> = {},
): Promise<{ data: ValidationData; failures: readonly SignerError[] }> {
  const failures: SignerError[] = [];
  const onFailure = (failure: SignerError): number => failures.push(failure);
  const given = { trust: bare, at, online: true, onFailure, ...options };
  return { data: await collectValidationData(certificates, given), failures };
}

/** The verdict of someone who has the root and the data, and no network. */
function judgeLater(certificate: Certificate, data: ValidationData): string {
  const trust = createTrustStore({ anchors: [pki.root] });
  const verdict = validatePath(certificate, { trust, at, data, revocation: 'require' });
  return verdict.subIndication ?? verdict.indication;
}

describe('online', () => {
  it('asks no address that the caller does not allow, and follows no stranger elsewhere', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    site.answers
      .set('/ca.cer', async () => ({
        status: 302,
        mediaType: 'text/plain',
        body: new Uint8Array(0),
        headers: { location: `${base}/inside` },
      }))
      .set(
        '/inside',
        file(() => pki.issuing.der),
      );
    const urls = { ocsp: `${base}/ocsp`, caIssuers: `${base}/ca.cer`, crl: `${base}/crl` };
    const { certificate } = await pki.issue({ commonName: 'Nút lạ', use: 'node', urls });

    const refused = await collect([certificate], { mayFetch: ({ port }) => port === '1' });
    expect(refused.failures.map(({ message }) => message).join()).toContain('does not allow');
    expect(site.asked.size).toBe(0);

    const { failures } = await collect([certificate]);
    expect(site.asked.get('/ca.cer')).toBe(1);
    expect(site.asked.get('/inside')).toBeUndefined();
    expect(failures.map(({ code }) => code)).toContain('SIGNER_FETCH_FAILED');
  });

  it('gathers the missing issuer and an OCSP answer, enough to validate without a network', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    site.answers
      .set(
        '/ca.cer',
        file(() => pki.issuing.der),
      )
      .set('/ocsp', ocspGood());
    const urls = { ocsp: `${base}/ocsp`, caIssuers: `${base}/ca.cer`, crl: `${base}/crl` };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });

    const { data, failures } = await collect([certificate]);

    expect(failures).toEqual([]);
    expect(judgeLater(certificate, data)).toBe('TOTAL-PASSED');
    expect(data.certificates).toEqual(
      expect.arrayContaining([certificate, pki.issuing, pki.root, responder.certificate]),
    );
    expect(data.crls).toEqual([pki.rootCrl()]);
    expect(data.ocsps).toHaveLength(1);
    expect(site.asked.get('/crl')).toBeUndefined(); // OCSP was enough
  });

  it('falls back to the CRL when OCSP gives nothing usable, and says what went wrong', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    const stranger = await createTestPki();
    const strange = await stranger.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' });
    const list = await freshCrl();
    site.answers.set('/forged', ocspGood(strange)).set(
      '/crl',
      file(() => list),
    );
    site.answers.set(
      '/garbage',
      file(() => Buffer.from('<html>')),
    );
    for (const responderUrl of ['/forged', '/garbage', '/nowhere']) {
      const urls = { ocsp: `${base}${responderUrl}`, crl: `${base}/crl` };
      const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
      const { data, failures } = await collect([certificate, pki.issuing]);
      expect(judgeLater(certificate, data)).toBe('TOTAL-PASSED');
      expect(data.ocsps).toEqual([]);
      expect(failures.map(({ details }) => details['url'])).toContain(`${base}${responderUrl}`);
    }
  });

  it('takes no CRL that is stale, of another key, or no CRL at all', async () => {
    const site = await openSite();
    await using _service = site.service;
    const crl = `${site.service.url}/pki/crl`;
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls: { crl } });
    const times = { thisUpdate: day(-9), nextUpdate: day(-2) };
    const stale = await buildCrl({ number: 1, ...times, revocations: [] }, pki.issuingKey);
    const stranger = await createTestPki();
    for (const body of [stale, stranger.crl().der, pki.issuing.der, Buffer.alloc(0)]) {
      site.answers.set(
        '/crl',
        file(() => body),
      );
      const { data, failures } = await collect([certificate, pki.issuing]);
      expect(data.crls).toEqual([pki.rootCrl()]);
      expect(failures.at(-1)?.code).toBe('SIGNER_REVOCATION_MISSING');
      expect(failures.map(({ code }) => code)).toContain(
        body === stale || body === stranger.crl().der
          ? 'SIGNER_FETCH_FAILED'
          : 'SIGNER_CRL_INVALID',
      );
    }
  });

  it('finds an issuer in PEM and in a certs-only message', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    const certsOnly = encodeSequence(
      encodeOid(OID.signedData),
      encodeExplicit(
        0,
        encodeSequence(
          encodeInteger(1),
          encodeTlv(0x31),
          encodeSequence(encodeOid(OID.data)),
          encodeExplicit(0, pki.root.der, pki.issuing.der),
          encodeTlv(0x31),
        ),
      ),
    );
    const pem = Buffer.from(encodePem('CERTIFICATE', pki.issuing.der));
    for (const [name, body] of [
      ['/pem', pem],
      ['/p7c', certsOnly],
    ] as const) {
      site.answers.set(
        name,
        file(() => body),
      );
      const urls = { caIssuers: `${base}${name}` };
      const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
      const { data } = await collect([certificate], { known: known(pki.crl()) });
      expect(judgeLater(certificate, data)).toBe('TOTAL-PASSED');
    }
  });

  it('fetches a delta CRL that the certificate names', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    const urls = { crl: `${base}/crl`, deltaCrl: `${base}/delta` };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
    const { serialNumber } = certificate;
    const complete = await freshCrl(5);
    const delta = await buildCrl(
      {
        number: 6,
        thisUpdate: day(0),
        nextUpdate: day(1),
        revocations: [{ serialNumber, revokedAt: day(-1), reason: 'certificateHold' }],
        extensions: [encodeExtension(OID.deltaCrlIndicator, true, encodeInteger(5))],
      },
      pki.issuingKey,
    );
    site.answers
      .set(
        '/crl',
        file(() => complete),
      )
      .set(
        '/delta',
        file(() => delta),
      );
    const { data } = await collect([certificate, pki.issuing]);
    expect(new Set(data.crls.map(({ number }) => number))).toEqual(new Set([1n, 5n, 6n]));
    expect(judgeLater(certificate, data)).toBe('REVOKED');
  });

  it('asks for the CRL of a responder that is not exempt', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    const usage = encodeSequence(encodeOid(OID.ocspSigning));
    const signer = await issueOdd(pki, [
      encodeExtension(OID.extKeyUsage, false, usage),
      crlDistributionPointExtension(pki.issuing.subjectDer, `${base}/responders.crl`),
    ]);
    const times = { thisUpdate: day(-5), nextUpdate: day(6) };
    const list = await buildCrl({ number: 2, ...times, revocations: [] }, pki.issuingKey);
    site.answers.set('/ocsp', ocspGood(signer)).set(
      '/responders.crl',
      file(() => list),
    );
    const urls = { ocsp: `${base}/ocsp` };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
    const { data, failures } = await collect([certificate, pki.issuing]);
    expect(failures).toEqual([]);
    expect(data.ocsps).toHaveLength(1);
    expect(data.crls).toHaveLength(2);
    expect(judgeLater(certificate, data)).toBe('TOTAL-PASSED');
  });

  it('asks a server once for several certificates, and again only when the answer is out of date', async () => {
    const site = await openSite();
    await using _service = site.service;
    const crl = `${site.service.url}/pki/crl`;
    const list = await freshCrl();
    site.answers.set(
      '/crl',
      file(() => list),
    );
    const signers = await Promise.all(
      ['A', 'B', 'C'].map((commonName) => pki.issue({ commonName, use: 'node', urls: { crl } })),
    );
    const certificates = [...signers.map(({ certificate }) => certificate), pki.issuing];
    await collect(certificates);
    await collect(certificates);
    expect(site.asked.get('/crl')).toBe(1);
    await collect(certificates, { at: day(7) });
    expect(site.asked.get('/crl')).toBeGreaterThan(1);
  });

  it('asks nobody for the sake of a certificate that leads to no anchor', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    const stranger = await createTestPki();
    site.answers.set(
      '/ca.cer',
      file(() => stranger.issuing.der),
    );
    const urls = { ocsp: `${base}/ocsp`, crl: `${base}/crl`, caIssuers: `${base}/ca.cer` };
    const { certificate } = await stranger.issue({ commonName: 'Lạ', use: 'node', urls });
    const { data, failures } = await collect([certificate]);
    expect([...site.asked.keys()]).toEqual(['/ca.cer']); // its issuer had to be looked for
    expect(data).toEqual({ certificates: [], crls: [], ocsps: [] });
    expect(failures.at(-1)?.code).toBe('SIGNER_REVOCATION_MISSING');
  });

  it('takes no issuer that has not signed the certificate', async () => {
    const site = await openSite();
    await using _service = site.service;
    const stranger = await createTestPki();
    site.answers.set(
      '/ca.cer',
      file(() => stranger.issuing.der),
    );
    const urls = { caIssuers: `${site.service.url}/pki/ca.cer` };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
    const { failures } = await collect([certificate]);
    expect(failures[0]?.message).toMatch(/holds no issuer of/);
  });

  it('skips LDAP by name, and servers that are not there', async () => {
    const extensions = [
      ...endEntityExtensions('node'),
      pointsExtension(['ldap://127.0.0.1/cn=crl', 'http://127.0.0.1:9/crl']),
    ];
    const { certificate } = await issueOdd(pki, extensions);
    const { failures } = await collect([certificate, pki.issuing]);
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^'ldap:.*only http and https/),
      expect.stringMatching(/'http:\/\/127.0.0.1:9\/crl' does not answer/),
      expect.stringMatching(/^no fresh revocation data/),
    ]);
  });

  it('stops at its limits of requests and bytes', async () => {
    const site = await openSite();
    await using _service = site.service;
    const crl = `${site.service.url}/pki/crl`;
    site.answers.set(
      '/crl',
      file(() => Buffer.alloc(100_000, 0x30)),
    );
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls: { crl } });
    const few = await collect([certificate, pki.issuing], { limits: { maxFetches: 0 } });
    expect(few.failures[0]?.message).toMatch(/limit of requests/);
    expect(site.asked.get('/crl')).toBeUndefined();
    const small = await collect([certificate, pki.issuing], { limits: { maxBytes: 50_000 } });
    expect(small.failures[0]?.code).toBe('SIGNER_FETCH_TOO_LARGE');
  });

  it('asks for the signer though strangers beside him name servers without end', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    const crl = await freshCrl();
    site.answers.set(
      '/crl',
      file(() => crl),
    );
    const stranger = await createTestPki();
    const crowd = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const urls = { caIssuers: `${base}/nobody${index}` };
        return (await stranger.issue({ commonName: 'Người lạ', use: 'node', urls })).certificate;
      }),
    );
    const urls = { crl: `${base}/crl` };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
    await collect([...crowd, certificate, pki.issuing]);
    expect(site.asked.get('/crl')).toBe(1);
    expect(site.asked.size).toBeLessThanOrEqual(33);
  });

  it('climbs a chain of CAs that is hardly known, but not without end', async () => {
    const site = await openSite();
    await using _service = site.service;
    const base = `${site.service.url}/pki`;
    // Each CA names the next one up; the top one is signed by nobody we know.
    const { privateKey, publicKey } = await generateKeys('ec-p256');
    const life = { notBefore: day(-100), notAfter: day(100) };
    const endless: Certificate[] = [];
    const make = async (level: number): Promise<Certificate> => {
      const urls = authorityInfoAccessExtensions({ caIssuers: `${base}/ca${level + 1}` });
      const extensions = [...caExtensions(undefined), ...urls];
      const content = {
        subjectDer: encodeName({ commonName: `Bậc ${level}` }),
        publicKey,
        ...life,
      };
      const issuer = { nameDer: encodeName({ commonName: `Bậc ${level + 1}` }), privateKey };
      const der = await buildCertificate(
        { ...content, serial: randomSerial(), extensions },
        issuer,
      );
      return parseCertificate(der);
    };
    for (let level = 0; level < 40; level += 1) {
      const certificate = await make(level);
      endless.push(certificate);
      site.answers.set(
        `/ca${level}`,
        file(() => certificate.der),
      );
    }
    const [first] = endless;
    if (first === undefined) throw new Error('no certificate');
    const { failures } = await collect([first]);
    expect(failures.at(-1)?.code).toBe('SIGNER_REVOCATION_MISSING');
    expect(site.asked.size).toBeLessThan(25);
  });
});

describe('offline', () => {
  it('takes from the store and from what is known only what is needed and right', async () => {
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node' });
    const stranger = await createTestPki();
    const more = { ...known(pki.crl(), stranger.crl(), stranger.rootCrl()) };
    const { data, failures } = await collect([certificate, pki.issuing], {
      online: false,
      known: { ...more, certificates: [stranger.issuing] },
    });
    expect(failures).toEqual([]);
    expect(data.crls.map(({ sha256 }) => sha256).toSorted()).toEqual(
      [pki.crl().sha256, pki.rootCrl().sha256].toSorted(),
    );
    expect(data.certificates).toEqual([certificate, pki.issuing, pki.root]);
    expect(judgeLater(certificate, data)).toBe('TOTAL-PASSED');
  });

  it('asks no server', async () => {
    const site = await openSite();
    await using _service = site.service;
    const urls = { crl: `${site.service.url}/pki/crl`, ocsp: `${site.service.url}/pki/ocsp` };
    const { certificate } = await pki.issue({ commonName: 'Nút', use: 'node', urls });
    const { failures } = await collect([certificate, pki.issuing], { online: false });
    expect(site.asked.size).toBe(0);
    expect(failures.map(({ code }) => code)).toEqual(['SIGNER_REVOCATION_MISSING']);
  });
});

function known(...crls: readonly CertificateList[]): ValidationData {
  return { certificates: [], crls, ocsps: [] };
}

/** cRLDistributionPoints with these addresses, in one point. */
function pointsExtension(urls: readonly string[]): Uint8Array {
  const names = urls.map((url) => encodeImplicit(6, Buffer.from(url, 'latin1')));
  const point = encodeSequence(encodeExplicit(0, encodeExplicit(0, ...names)));
  return encodeExtension(OID.crlDistributionPoints, false, encodeSequence(point));
}
