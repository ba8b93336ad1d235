import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';

import { EVIDENCE_LIMITS } from '@congvan/bus/evidence';
import { buildAsicE, openAsic, openPkcs12 } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type FileTown, createFileTown } from './file-town.ts';
import { PASSPHRASE, type Town } from './town.ts';

describe('file, where something is missing or wrong', () => {
  let town: Town;
  let tsa: string;
  let verify: FileTown['verify'];
  const trust = (): string[] => ['--trust', town.path('trust')];
  const p12 = (): string[] => ['--p12', town.path('seal.p12')];
  /** The certificate of the recipient's box. */
  const boxCertificate = async (): Promise<string> => {
    const { certificates } = await town.json<{
      certificates: { subjectText: string; serialNumber: string }[];
    }>(['ca', 'list']);
    const box = certificates.find(({ subjectText }) => subjectText.includes('Sở Nội vụ'));
    return town.path('ca', 'issued', `${box?.serialNumber}.crt`);
  };

  beforeAll(async () => {
    ({ town, tsa, verify } = await createFileTown());
  }, 60_000);
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('refuses before signing where nothing can be written, and names the folder', async () => {
    const sign = ['file', 'sign', town.path('plain.pdf'), ...p12(), '--out'];
    const missing = await town.run([...sign, town.path('missing', 'x.pdf')]);
    expect(missing.code).toBe(6);
    expect(missing.err).toContain(`'${town.path('missing')}'`);
    expect(missing.err).not.toContain('.part');
    expect((await town.run([...sign, town.path('report.csv', 'x.pdf')])).code).toBe(6);
  });

  it('refuses to stamp what has no page, and to sign it with options of a PDF', async () => {
    const csv = town.path('report.csv');
    const out = ['--out', town.path('report.stamped.p7s')];
    const form = ['--form', 'appendix', '--number', '15/QĐ-UBND'];
    const stamp = await town.run(['file', 'stamp', csv, ...form, ...p12(), ...out]);
    expect(stamp.code).toBe(9);
    const reason = await town.run(['file', 'sign', csv, '--reason', 'x', ...p12(), ...out]);
    expect(reason).toMatchObject({ code: 2 });
    expect(reason.err).toContain(`'${csv}'`);
    await expect(readFile(town.path('report.stamped.p7s'))).rejects.toThrow('ENOENT');
  });

  it('warns of a certificate that is not for signing, or not in force', async () => {
    const sign = ['file', 'sign', town.path('report.csv'), '--p12'];
    const box = await town.run([...sign, town.path('box.p12'), '--out', town.path('box.p7s')]);
    expect(box).toMatchObject({ code: 0 });
    expect(box.err).toContain('not for signing documents');
    const late = await town.run([...sign, town.path('seal.p12'), '--out', town.path('late.p7s')], {
      now: () => new Date('2050-01-01T00:00:00Z'),
    });
    expect(late.err).toContain('is good from');
    const good = await town.run([...sign, town.path('seal.p12'), '--out', town.path('good.p7s')]);
    expect(good.err).toBe('');
  });

  it('verifies a time-stamp beside a file, and asks for the file where it is not', async () => {
    const csv = town.path('noted.csv');
    await copyFile(town.path('report.csv'), csv);
    await town.json(['file', 'timestamp', csv, '--tsa', tsa]);
    const beside = await verify(`${csv}.tst`);
    expect(beside).toMatchObject({
      code: 0,
      report: { format: 'time-stamp', signatures: [{ of: 'noted.csv', kind: 'timestamp' }] },
    });
    const other = await verify(`${csv}.tst`, '--content', town.path('plain.pdf'));
    expect(other).toMatchObject({ code: 3, report: { subIndication: 'HASH_FAILURE' } });
    await copyFile(`${csv}.tst`, town.path('alone.tst'));
    const alone = await town.run(['file', 'verify', town.path('alone.tst'), ...trust()]);
    expect(alone.code).toBe(4);
    expect(alone.err).toContain('--content');
  });

  it('puts a time-stamp over a file with as many entries as evidence has', async () => {
    const signer = openPkcs12(await readFile(town.path('seal.p12')), PASSPHRASE);
    const files = Array.from({ length: 1_001 }, (_, index) => ({
      name: `records/${index}.record`,
      mediaType: 'application/octet-stream',
      bytes: new Uint8Array([index & 0xff]),
    }));
    const { container } = await buildAsicE({ files, signer, limits: EVIDENCE_LIMITS });
    const many = town.path('many.asice');
    await writeFile(many, container);
    const out = town.path('many.stamped.asice');
    await town.json(['file', 'timestamp', many, '--tsa', tsa, '--out', out]);
    const { assertions } = openAsic(await readFile(out), EVIDENCE_LIMITS);
    expect(assertions.map(({ kind }) => kind)).toEqual(['signature', 'timestamp']);
  });

  it('asks for what it needs: an address of a service, and whom to trust', async () => {
    const sign = ['file', 'sign', town.path('plain.pdf'), ...p12(), '--out', town.path('y.pdf')];
    const odd = await town.run([...sign, '--tsa', 'tsa.example']);
    expect(odd.code).toBe(2);
    expect(odd.err).toContain("'tsa.example'");
    const blind = await town.run([...sign, '--tsa', tsa, '--level', 'B-LT']);
    expect(blind.code).toBe(2);
    expect(blind.err).toContain('--trust');
    const none = await town.run(['file', 'timestamp', town.path('plain.pdf')]);
    expect(none.code).toBe(2);
    expect(none.err).not.toContain('B-T');
  });

  it('says that fetching would decide an undecided verdict', async () => {
    const out = town.path('offline.pdf');
    await town.json(['file', 'sign', town.path('plain.pdf'), ...p12(), '--out', out]);
    const verdict = await town.run(['file', 'verify', out, ...trust(), '--offline']);
    expect(verdict.code).toBe(4);
    expect(verdict.err).toContain('without --offline');
  });

  it('shows the context of a sealed file that was opened without naming it', async () => {
    const csv = town.path('bound.csv');
    await copyFile(town.path('report.csv'), csv);
    const to = ['--to', await boxCertificate()];
    await town.json(['file', 'seal', csv, ...to, '--context', '15/QĐ-UBND']);
    const unseal = ['file', 'unseal', `${csv}.sealed`, '--p12', town.path('box.p12'), '--out'];
    const opened = await town.json<{ context: string }>([...unseal, town.path('bound.opened')]);
    expect(opened.context).toBe('15/QĐ-UBND');
  });

  it('stops sealing when told to, leaves nothing behind and does not call it an error of its own', async () => {
    const stopped = AbortSignal.abort();
    const boxCrt = await boxCertificate();
    const sealing = await town.run(['file', 'seal', town.path('plain.pdf'), '--to', boxCrt], {
      stopSignal: stopped,
    });
    expect(sealing).toMatchObject({ code: 6 });
    expect(sealing.err).toContain('[CLI_GIVEN_UP]');
    await expect(readFile(town.path('plain.pdf.sealed'))).rejects.toThrow('ENOENT');
    expect((await readdir(town.path())).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('says by which option a stamp gets its place and size', async () => {
    const stamp = async (...more: string[]) =>
      await town.run([
        'file',
        'stamp',
        town.path('plain.pdf'),
        ...p12(),
        '--form',
        'agency',
        ...more,
      ]);
    const picture = ['--picture', town.path('seal.png'), '--out', town.path('placed.pdf')];
    const placeless = await stamp(...picture);
    expect(placeless).toMatchObject({ code: 2 });
    expect(placeless.err).toContain('--beside');
    const sizeless = await stamp(...picture, '--corner', 'bottom-right');
    expect(sizeless).toMatchObject({ code: 2 });
    expect(sizeless.err).toContain('--picture-width');
    const twice = await stamp(...picture, '--corner', 'top-left', '--rect', '1,1,200,200');
    expect(twice).toMatchObject({ code: 2 });
  });

  it('puts no signature below one that no longer holds', async () => {
    const signed = town.path('whole.pdf');
    await town.json(['file', 'sign', town.path('plain.pdf'), ...p12(), '--out', signed]);
    const bytes = await readFile(signed);
    const inside = bytes.indexOf('/MediaBox') + '/MediaBox'.length + 2;
    bytes[inside] = (bytes[inside] ?? 0) ^ 1;
    await writeFile(town.path('altered.pdf'), bytes);
    const out = town.path('altered.signed.pdf');
    const person = ['--p12', town.path('person.p12'), '--out', out];
    const again = await town.run(['file', 'sign', town.path('altered.pdf'), ...person]);
    expect(again).toMatchObject({ code: 9 });
    expect(again.err).toContain('[SIGNER_PDF_TAMPERED]');
    await expect(readFile(out)).rejects.toThrow('ENOENT');
  });
});
