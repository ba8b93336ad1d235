import { beforeAll, describe, expect, it } from 'vitest';

import { encodeOctetString, readDer } from '../../src/der/index.ts';
import {
  type Certificate,
  SignerError,
  buildOcspResponse,
  certIdOf,
  encodeOcspError,
  encodeOcspRequest,
  parseBasicOcspResponse,
  parseOcspRequest,
  parseOcspResponse,
} from '../../src/index.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/index.ts';
import { answerOn } from '../support/test-ocsp.ts';

let pki: TestPki;
let responder: TestSigner;
let certificate: Certificate;
const at = new Date('2026-03-01T00:00:00Z');

beforeAll(async () => {
  pki = await createTestPki();
  responder = await pki.issue({ commonName: 'OCSP Quảng Trị', use: 'ocsp' });
  ({ certificate } = await pki.issue({ commonName: 'Văn thư', use: 'node' }));
});

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof SignerError ? `${error.code} ${error.message}` : String(error);
  }
  return 'no error';
};

describe('parseOcspResponse', () => {
  it('reads what buildOcspResponse wrote', async () => {
    const nonce = Buffer.from('0123456789abcdef');
    const other = await pki.issue({ commonName: 'Khác', use: 'node' });
    const statement = { thisUpdate: at, nextUpdate: new Date('2026-03-02') };
    const der = await buildOcspResponse({
      responses: [
        { certId: certIdOf(certificate, pki.issuing), status: 'good', ...statement },
        {
          certId: certIdOf(other.certificate, pki.issuing, 'sha256'),
          status: {
            revokedAt: new Date('2026-02-03T04:05:06Z'),
            reason: 'keyCompromise',
            invalidSince: new Date('2026-01-01'),
          },
          thisUpdate: at,
          archiveCutoff: new Date('2020-01-01'),
        },
      ],
      producedAt: at,
      signer: responder,
      nonce,
      responderId: 'name',
    });
    const response = parseOcspResponse(der);
    expect(response).toMatchObject({
      responderId: { kind: 'name', name: { key: responder.certificate.subject.key } },
      producedAt: at,
      certificates: [responder.certificate],
      unknownCritical: undefined,
      responses: [
        {
          status: 'good',
          certId: { hash: 'sha1', serialNumber: certificate.serialNumber },
          nextUpdate: new Date('2026-03-02'),
          archiveCutoff: undefined,
        },
        {
          status: 'revoked',
          certId: { hash: 'sha256', serialNumber: other.certificate.serialNumber },
          revokedAt: new Date('2026-02-03T04:05:06Z'),
          reason: 'keyCompromise',
          invalidSince: new Date('2026-01-01'),
          nextUpdate: undefined,
          archiveCutoff: new Date('2020-01-01'),
        },
      ],
    });
    expect(Buffer.from(response.nonce ?? [])).toEqual(nonce);
  });

  it('names the error a responder answers with', () => {
    for (const status of ['tryLater', 'unauthorized', 'malformedRequest'] as const) {
      expect(code(() => parseOcspResponse(encodeOcspError(status)))).toBe(
        `SIGNER_OCSP_INVALID the OCSP responder answered '${status}'`,
      );
    }
  });

  it('takes a bare BasicOCSPResponse and puts the rest around it', async () => {
    const whole = await answerOn(certificate, pki, { signer: responder });
    const [, bytes] = readDer(whole.der).children();
    const basic = bytes?.children()[0]?.children()[1]?.content ?? new Uint8Array();
    expect(parseBasicOcspResponse(basic).sha256).toBe(whole.sha256);
  });

  it('refuses every truncation, trailing bytes and indefinite lengths', async () => {
    const { der } = await answerOn(certificate, pki, { signer: responder });
    for (let length = 0; length < der.length; length += 7) {
      expect(code(() => parseOcspResponse(der.subarray(0, length)))).toMatch(
        /^SIGNER_OCSP_INVALID/,
      );
    }
    expect(code(() => parseOcspResponse(Buffer.concat([der, Buffer.of(0)])))).toMatch(/trailing/);
    const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.of(0, 0)]);
    expect(code(() => parseOcspResponse(indefinite))).toMatch(/indefinite length/);
  });

  it('throws nothing but its own error, whatever byte is changed', async () => {
    const { der } = await answerOn(certificate, pki, { signer: responder });
    for (let index = 0; index < der.length; index += 1) {
      const changed = Buffer.from(der);
      changed[index] = (changed[index] ?? 0) ^ 0x15;
      expect(code(() => parseOcspResponse(changed))).toMatch(/^(SIGNER_OCSP_INVALID|no error)/);
    }
  });

  it('refuses an answer larger than a megabyte', () => {
    expect(code(() => parseOcspResponse(encodeOctetString(new Uint8Array(1024 * 1024))))).toMatch(
      /^SIGNER_OCSP_INVALID .*limit/,
    );
  });
});

describe('OCSP requests', () => {
  it('are read as they were written', () => {
    const nonce = Buffer.alloc(32, 7);
    const request = parseOcspRequest(
      encodeOcspRequest(certificate, pki.issuing, { nonce, hash: 'sha256' }),
    );
    const [certId] = request.certIds;
    const asked = certIdOf(certificate, pki.issuing, 'sha256');
    expect(certId).toMatchObject({ hash: 'sha256', serialNumber: certificate.serialNumber });
    expect(Buffer.from(certId?.issuerKeyHash ?? [])).toEqual(asked.issuerKeyHash);
    expect(Buffer.from(certId?.issuerNameHash ?? [])).toEqual(asked.issuerNameHash);
    expect(Buffer.from(request.nonce ?? [])).toEqual(nonce);
    expect(parseOcspRequest(encodeOcspRequest(certificate, pki.issuing)).nonce).toBeUndefined();
  });

  it('are refused when empty, malformed or too long', () => {
    const empty = Buffer.from('300430023000', 'hex');
    expect(code(() => parseOcspRequest(empty))).toMatch(/^SIGNER_DER_INVALID request for 0/);
    expect(code(() => parseOcspRequest(Buffer.from('GET')))).toMatch(/^SIGNER_DER_INVALID/);
    expect(code(() => parseOcspRequest(encodeOctetString(new Uint8Array(65_536))))).toMatch(
      /limit/,
    );
  });
});
