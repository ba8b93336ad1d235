import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { CERTIFICATE_USES, endEntityExtensions } from '../../src/authority/profile.ts';
import { type CertificateUse, encodePem, generateKeys } from '../../src/index.ts';
import { type TestPki, createTestPki } from '../../src/testing/index.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const base = scratchFolder('profiles');
let pki: TestPki;

beforeAll(async () => {
  pki = await createTestPki();
  const trust = [
    encodePem('CERTIFICATE', pki.root.der),
    encodePem('CERTIFICATE', pki.issuing.der),
    encodePem('X509 CRL', pki.rootCrl().der),
    encodePem('X509 CRL', pki.crl().der),
  ];
  writeFileSync(path.join(base, 'trust.pem'), trust.join(''));
});

function openssl(der: Uint8Array, ...args: string[]): string {
  const options = { input: encodePem('CERTIFICATE', der), cwd: base, encoding: 'utf8' } as const;
  return execFileSync('openssl', args, { ...options, stdio: 'pipe' });
}

function text(der: Uint8Array): string {
  return openssl(der, 'x509', '-noout', '-text').replaceAll(/\s+/g, ' ');
}

describe('the profiles of certificates', () => {
  it.each(CERTIFICATE_USES)('make a %s certificate that OpenSSL accepts strictly', async (use) => {
    const { certificate } = await pki.issue({ commonName: 'Thử nghiệm', use });
    const args = ['verify', '-x509_strict', '-crl_check_all', '-CAfile', 'trust.pem'];
    const purposes: Partial<Record<CertificateUse, string>> = {
      tsa: 'timestampsign',
      ocsp: 'ocsphelper',
      tls: 'sslserver',
    };
    const purpose = purposes[use];
    const extra = purpose === undefined ? [] : ['-purpose', purpose];
    expect(openssl(certificate.der, ...args, ...extra)).toContain('OK');
  });

  it('give a TSA its usage critical and alone, and a responder no revocation check', async () => {
    const tsa = await pki.issue({ commonName: 'TSA', use: 'tsa' });
    expect(text(tsa.certificate.der)).toContain(
      'X509v3 Extended Key Usage: critical Time Stamping X509v3',
    );
    const ocsp = await pki.issue({ commonName: 'OCSP', use: 'ocsp' });
    expect(text(ocsp.certificate.der)).toContain(
      'X509v3 Extended Key Usage: OCSP Signing OCSP No Check:',
    );
  });

  it.each(['seal', 'person', 'registrar', 'node'] as const)(
    'commit a %s to what it signs, as validators of documents ask',
    async (use) => {
      const { certificate } = await pki.issue({ commonName: 'Người ký', use });
      expect([...(certificate.keyUsage ?? [])]).toEqual(['digitalSignature', 'nonRepudiation']);
    },
  );

  it('let RSA transport keys, elliptic curves agree on them, and Ed25519 neither', async () => {
    const usagesOf = async (algorithm: 'rsa-2048' | 'ec-p256') => {
      const issued = await pki.issue({ commonName: 'Mã hoá', use: 'encryption', algorithm });
      return [...(issued.certificate.keyUsage ?? [])];
    };
    expect(await usagesOf('rsa-2048')).toEqual(['keyEncipherment']);
    expect(await usagesOf('ec-p256')).toEqual(['keyAgreement']);
    const { publicKey } = await generateKeys('ed25519');
    expect(() => endEntityExtensions('encryption', { publicKey })).toThrow("'ed25519'");
  });

  it('name a TLS server by DNS names and addresses of both kinds', async () => {
    const serverNames = {
      dns: ['bus.quangtri.gov.vn', '*.H49.example'],
      ip: ['10.0.0.1', '2001:db8::ff', '::1', '::ffff:10.0.0.1'],
    };
    const { certificate } = await pki.issue({ commonName: 'Bus', use: 'tls', serverNames });
    expect(text(certificate.der)).toContain(
      'DNS:bus.quangtri.gov.vn, DNS:*.h49.example, IP Address:10.0.0.1, ' +
        'IP Address:2001:DB8:0:0:0:0:0:FF, IP Address:0:0:0:0:0:0:0:1, ' +
        'IP Address:0:0:0:0:0:FFFF:A00:1',
    );
  });

  it.each([
    ['no name', {}],
    ['a name with a space', { dns: ['a b'] }],
    ['a name with letters outside ASCII', { dns: ['quảngtrị.vn'] }],
    ['an address as a name', { dns: ['10.0.0.1'] }],
    ['half an address', { ip: ['10.0.0'] }],
    ['an address with a zone', { ip: ['fe80::1%eth0'] }],
  ])('refuse a TLS server with %s', (_, serverNames) => {
    expect(() => endEntityExtensions('tls', { serverNames })).toThrow(
      expect.objectContaining({ code: 'SIGNER_INPUT_INVALID' }),
    );
  });

  it('refuse server names for anything but a server', () => {
    const serverNames = { dns: ['a.example'] };
    expect(() => endEntityExtensions('seal', { serverNames })).toThrow('takes no server names');
  });

  it('put the addresses of the authority where verifiers look for them', async () => {
    const urls = {
      ocsp: 'http://pki.example/ocsp',
      crl: 'http://pki.example/crl/issuing.crl',
      deltaCrl: 'http://pki.example/crl/issuing-delta.crl',
      caIssuers: 'http://pki.example/ca/issuing.crt',
    };
    const { certificate } = await pki.issue({ commonName: 'Có địa chỉ', use: 'node', urls });
    const shown = text(certificate.der);
    expect(shown).toContain('OCSP - URI:http://pki.example/ocsp');
    expect(shown).toContain('CA Issuers - URI:http://pki.example/ca/issuing.crt');
    expect(shown).toMatch(
      /CRL Distribution Points: Full Name: DirName:.{0,300}URI:\S+issuing\.crl/,
    );
    expect(shown).toMatch(/Freshest CRL: Full Name: DirName:.{0,300}URI:\S+issuing-delta\.crl/);
    await expect(
      pki.issue({ commonName: 'Sai', use: 'node', urls: { ocsp: 'file:///etc/passwd' } }),
    ).rejects.toMatchObject({ code: 'SIGNER_INPUT_INVALID' });
  });

  it('let tests make lists fresh or stale', async () => {
    const own = await createTestPki();
    const thisUpdate = new Date('2026-03-01T00:00:00Z');
    const nextUpdate = new Date('2026-03-02T00:00:00Z');
    await own.renewCrl({ thisUpdate, nextUpdate });
    for (const crl of [own.crl(), own.rootCrl()]) {
      expect(crl).toMatchObject({ thisUpdate, nextUpdate, number: 2n });
    }
    const { certificate } = await own.issue({ commonName: 'Thu hồi', use: 'node' });
    await own.revoke(certificate);
    expect(own.crl()).toMatchObject({ thisUpdate, nextUpdate, number: 3n });
    expect(own.crl().entries).toHaveLength(1);
  });
});
