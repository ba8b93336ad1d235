import { mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';

import { buildAsicE, openPkcs12, type Signer, signPdf, writeAsicEFile } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTown, PASSPHRASE, type Town, turnBit, writePdf } from './town.ts';

interface Report {
  readonly indication: string;
  readonly subIndication: string | null;
  readonly packageDigest: string | null;
  readonly signatures: readonly { of: string; indication: string; signer: string | null }[];
}

describe('verify', () => {
  let town: Town;
  let signer: Signer;
  let signed: string;

  beforeAll(async () => {
    town = await createTown();
    await town.run(['ca', 'init']);
    const p12 = town.path('seal.p12');
    await town.run(['ca', 'issue', '--use', 'seal', '--name', 'Sở Nội vụ', '--out', p12]);
    signer = openPkcs12(await readFile(p12), PASSPHRASE);
    const plain = await readFile(await writePdf(town.path('plain.pdf')));
    signed = town.path('signed.pdf');
    await writeFile(signed, await signPdf(plain, signer, { signedAt: new Date() }));
    for (const [folder, name] of [
      ['anchors', 'root.crt'],
      ['intermediates', 'issuing.crt'],
      ['crls', 'root.crl'],
      ['crls', 'issuing.crl'],
    ] as const) {
      await mkdir(town.path('trust', folder), { recursive: true });
      await writeFile(town.path('trust', folder, name), await readFile(town.path('ca', name)));
    }
  });
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });
  const verify = async (file: string, ...more: string[]) => {
    const outcome = await town.run([
      'verify',
      file,
      '--json',
      '--trust',
      town.path('trust'),
      ...more,
    ]);
    const report = outcome.out === '' ? undefined : (JSON.parse(outcome.out) as Report);
    return { ...outcome, report };
  };

  it('passes a package that no memory holds with the PDF inside, and names what was changed', async () => {
    const scan = town.path('scan.bin');
    await writeFile(scan, '');
    await truncate(scan, 257 * 1024 * 1024);
    const files = [
      { name: 'signed.pdf', mediaType: 'application/pdf', source: await readFile(signed) },
      { name: 'scan.bin', mediaType: 'application/octet-stream', source: { path: scan } },
    ];
    const large = town.path('large.asice');
    const { manifestSha256 } = await writeAsicEFile(large, { files, signer });
    const { code, report } = await verify(large);
    expect(code).toBe(0);
    expect(report?.packageDigest).toBe(manifestSha256);
    expect(report?.signatures).toMatchObject([
      { of: 'large.asice', indication: 'TOTAL-PASSED' },
      { of: 'signed.pdf', indication: 'TOTAL-PASSED' },
    ]);
    const handle = await open(large, 'r+');
    await handle.write(Buffer.from('x'), 0, 1, 200 * 1024 * 1024);
    await handle.close();
    const changed = await verify(large);
    expect(changed.code).toBe(3);
    expect(changed.report?.indication).toBe('TOTAL-FAILED');
    await Promise.all([scan, large].map((file) => rm(file)));
  });

  it('passes a signed PDF with 0 and names the signer', async () => {
    const { code, report } = await verify(signed);
    expect(code).toBe(0);
    expect(report?.signatures).toMatchObject([
      { of: 'signed.pdf', indication: 'TOTAL-PASSED', signer: 'CN=Sở Nội vụ, C=VN' },
    ]);
    const shown = await town.run(['verify', signed, '--trust', town.path('trust')]);
    expect(shown.out).toMatch(/signed by +CN=Sở Nội vụ/);
  });

  it('fails a changed PDF with 3', async () => {
    await writeFile(town.path('changed.pdf'), turnBit(await readFile(signed)));
    expect(await verify(town.path('changed.pdf'))).toMatchObject({
      code: 3,
      report: { indication: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' },
    });
  });

  it('cannot tell with 4: no signature, no trust anchor', async () => {
    expect(await verify(town.path('plain.pdf'))).toMatchObject({
      code: 4,
      report: { indication: 'INDETERMINATE', subIndication: 'NO_SIGNATURE', signatures: [] },
    });
    const alone = await town.run(['verify', signed]);
    expect(alone.code).toBe(4);
    expect(alone.out).toContain('NO_CERTIFICATE_CHAIN_FOUND');
    expect(alone.err).toContain('--trust FOLDER');
  });

  it('judges at the time that is asked for', async () => {
    const before = await verify(signed, '--at', '01/01/2020 08:00');
    expect(before).toMatchObject({ code: 3, report: { subIndication: 'NOT_YET_VALID' } });
    expect(before.out).toContain('"at":"2020-01-01T01:00:00.000Z"');
  });

  it('judges a package with the signed PDF inside, and either may fail it', async () => {
    const pdf = new Uint8Array(await readFile(signed));
    const pack = async (name: string, bytes: Uint8Array): Promise<string> => {
      const file = { name: 'files/1.pdf', mediaType: 'application/pdf', bytes };
      const { container } = await buildAsicE({ files: [file], signer });
      await writeFile(town.path(name), container);
      return town.path(name);
    };
    const good = await verify(await pack('good.asice', pdf));
    expect(good).toMatchObject({ code: 0 });
    expect(good.report?.packageDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(good.report?.signatures.map(({ of }) => of)).toEqual(['good.asice', 'files/1.pdf']);

    const inner = await verify(await pack('inner.asice', turnBit(pdf)));
    expect(inner).toMatchObject({ code: 3, report: { subIndication: 'HASH_FAILURE' } });
    expect(inner.report?.signatures.map(({ indication }) => indication)).toEqual([
      'TOTAL-PASSED',
      'TOTAL-FAILED',
    ]);

    const cut = (await readFile(town.path('good.asice'))).subarray(0, 400);
    await writeFile(town.path('cut.asice'), cut);
    expect(await verify(town.path('cut.asice'))).toMatchObject({ code: 3 });
  });

  it('refuses what it cannot judge, in words', async () => {
    await writeFile(town.path('note.txt'), 'hello');
    expect(await verify(town.path('note.txt'))).toMatchObject({ code: 9, out: '' });
    expect(await verify(town.path('none.pdf'))).toMatchObject({ code: 5, out: '' });
    expect(await verify(town.home)).toMatchObject({ code: 9, out: '' });
    await mkdir(town.path('bad', 'anchors'), { recursive: true });
    await writeFile(town.path('bad', 'anchors', 'x.crt'), 'no certificate');
    const bad = await town.run(['verify', signed, '--trust', town.path('bad')]);
    expect(bad.code).toBe(9);
    expect(bad.err).toContain('x.crt');
    expect((await town.run(['verify', signed, '--trust', town.path('nowhere')])).code).toBe(5);
  });
});
