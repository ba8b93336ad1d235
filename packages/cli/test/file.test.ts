import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from './docs/run-guide.ts';
import { squarePng } from './png.ts';
import { createTown, type Town, writePdf } from './town.ts';

interface Verified {
  readonly format: string;
  readonly indication: string;
  readonly subIndication: string | null;
  readonly signatures: readonly {
    readonly of: string;
    readonly kind: string;
    readonly indication: string;
    readonly level: string | null;
    readonly signer: string;
    readonly provenAt: string | null;
    readonly revision: number | null;
    readonly widget: { page: number; share: number } | null;
    readonly docMdp: number | null;
    readonly evidence: readonly { kind: string }[];
  }[];
}

describe('file and package', () => {
  let town: Town;
  let tsa: string;
  const trust = (): string[] => ['--trust', town.path('trust')];
  const p12 = (): string[] => ['--p12', town.path('seal.p12')];
  const verify = async (file: string, ...more: string[]) => {
    const outcome = await town.run(['file', 'verify', file, '--json', ...trust(), ...more]);
    const report = outcome.out === '' ? undefined : (JSON.parse(outcome.out) as Verified);
    return { ...outcome, report };
  };

  beforeAll(async () => {
    town = await createTown();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await town.json(['ca', 'init', '--base-url', url]);
    const issue = async (use: string, name: string, file: string): Promise<unknown> =>
      await town.json(['ca', 'issue', '--use', use, '--name', name, '--out', town.path(file)]);
    await issue('seal', 'Ủy ban nhân dân xã Hải Lăng', 'seal.p12');
    await issue('person', 'Nguyễn Thị Hạnh', 'person.p12');
    await issue('tsa', 'Dấu thời gian tỉnh Quảng Trị', 'tsa.p12');
    await issue('encryption', 'Sở Nội vụ', 'box.p12');
    await issue('encryption', 'Sở Tài chính', 'other.p12');
    await town.start(
      ['ca', 'serve', '--port', String(port), '--tsa', town.path('tsa.p12')],
      /127\.0\.0\.1/,
    );
    tsa = `${url}/tsa`;
    await mkdir(town.path('trust', 'anchors'), { recursive: true });
    await copyFile(town.path('ca', 'root.crt'), town.path('trust', 'anchors', 'root.crt'));
    await writePdf(town.path('plain.pdf'));
    await writeFile(town.path('report.csv'), 'mã;số\n1;2\n');
    await writeFile(town.path('seal.png'), squarePng(64, [200, 16, 46]));
  }, 60_000);
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('signs a PDF as B-B and verifies it with revocation data that it fetches', async () => {
    const signed = await town.json<{ out: string; level: string }>([
      'file',
      'sign',
      town.path('plain.pdf'),
      ...p12(),
      '--reason',
      'Ban hành',
    ]);
    expect(signed).toMatchObject({ out: town.path('plain.signed.pdf'), level: 'B-B' });
    const { code, report } = await verify(signed.out);
    expect(report).toMatchObject({
      indication: 'TOTAL-PASSED',
      signatures: [
        { level: 'B-B', signer: 'CN=Ủy ban nhân dân xã Hải Lăng, C=VN', provenAt: null },
      ],
    });
    expect(report?.signatures[0]?.evidence.map(({ kind }) => kind)).toContain('ocsp');
    expect(code).toBe(0);
    const offline = await verify(signed.out, '--offline');
    expect(offline).toMatchObject({
      code: 4,
      report: { subIndication: 'TRY_LATER' },
    });
  });

  it('signs up to B-LTA, extends step by step, and then needs no server any more', async () => {
    const lta = town.path('lta.pdf');
    await town.json([
      'file',
      'sign',
      town.path('plain.pdf'),
      ...p12(),
      ...trust(),
      '--out',
      lta,
      '--level',
      'B-LTA',
      '--tsa',
      tsa,
      '--certify',
      '2',
    ]);
    const first = await verify(lta, '--offline');
    expect(first.report?.signatures[0]).toMatchObject({ level: 'B-LTA', docMdp: 2 });
    expect(first.code).toBe(0);

    const steps = ['B-T', 'B-LT', 'B-LTA'] as const;
    let file = town.path('stepwise.pdf');
    await town.json(['file', 'sign', town.path('plain.pdf'), ...p12(), '--out', file]);
    for (const to of steps) {
      const { out } = await town.json<{ out: string }>([
        'file',
        'extend',
        file,
        '--to',
        to,
        '--tsa',
        tsa,
        ...trust(),
      ]);
      expect((await readFile(out)).subarray(0, (await readFile(file)).length)).toEqual(
        await readFile(file),
      );
      const { report } = await verify(out, ...(to === 'B-T' ? [] : ['--offline']));
      expect(report?.signatures[0]).toMatchObject({ indication: 'TOTAL-PASSED', level: to });
      file = out;
    }
  });

  it('stamps with the seal, keeps the first signature, and gives back what the first signer saw', async () => {
    const person = town.path('person.pdf');
    await town.json([
      'file',
      'sign',
      town.path('plain.pdf'),
      '--p12',
      town.path('person.p12'),
      '--out',
      person,
    ]);
    const both = town.path('both.pdf');
    await town.json([
      'file',
      'stamp',
      person,
      ...p12(),
      '--out',
      both,
      '--form',
      'agency',
      '--picture',
      town.path('seal.png'),
      '--picture-width',
      '30',
      '--rect',
      '60,60,160,160',
      '--tsa',
      tsa,
    ]);
    const { code, report } = await verify(both);
    expect(report?.signatures).toMatchObject([
      { indication: 'TOTAL-PASSED', level: 'B-B', widget: null },
      { indication: 'TOTAL-PASSED', level: 'B-T', widget: { page: 1 } },
    ]);
    expect(code).toBe(0);
    const revision = report?.signatures[0]?.revision;
    const { out } = await town.json<{ out: string }>([
      'file',
      'verify',
      both,
      '--extract-revision',
      String(revision),
    ]);
    expect(await readFile(out)).toEqual(await readFile(person));
    const unknown = await town.run(['file', 'verify', both, '--extract-revision', '99']);
    expect(unknown.code).toBe(5);
  });

  it('stamps an appendix with its number, and says what a stamp lacks', async () => {
    const out = town.path('appendix.pdf');
    const stamp = ['file', 'stamp', town.path('plain.pdf'), ...p12(), '--out', out];
    const without = await town.run([...stamp, '--form', 'appendix']);
    expect(without.code).toBe(2);
    expect(without.err).toContain('--number');
    await town.json([...stamp, '--form', 'appendix', '--number', '15/QĐ-UBND']);
    const { report } = await verify(out);
    expect(report?.signatures[0]?.widget).toMatchObject({ page: 1 });
  });

  it('signs another file beside it, adds a time-stamp, and finds the file again', async () => {
    const csv = town.path('report.csv');
    await town.json(['file', 'sign', csv, ...p12()]);
    expect(await verify(`${csv}.p7s`)).toMatchObject({ code: 0, report: { format: 'cms' } });
    const { out } = await town.json<{ out: string }>([
      'file',
      'timestamp',
      `${csv}.p7s`,
      '--tsa',
      tsa,
    ]);
    const stamped = await verify(out, '--content', csv);
    expect(stamped.report?.signatures[0]).toMatchObject({ level: 'B-T', of: 'report.csv' });
    await writeFile(town.path('other.csv'), 'mã;số\n1;3\n');
    expect(await verify(out, '--content', town.path('other.csv'))).toMatchObject({
      code: 3,
      report: { subIndication: 'HASH_FAILURE' },
    });
  });

  it('packs files, time-stamps the package, shows it and verifies it', async () => {
    const out = town.path('files.asice');
    const names = ['plain.pdf', 'report.csv'];
    await town.json([
      'package',
      'create',
      ...names.map((name) => town.path(name)),
      '--out',
      out,
      ...p12(),
    ]);
    const stamped = town.path('files.stamped.asice');
    await town.json(['file', 'timestamp', out, '--tsa', tsa, '--out', stamped]);
    const shown = await town.json<{ files: { name: string }[] }>(['package', 'show', stamped]);
    expect(shown.files.map(({ name }) => name)).toEqual(names);
    const { code, out: text } = await town.run([
      'package',
      'verify',
      stamped,
      '--json',
      ...trust(),
    ]);
    const report = JSON.parse(text) as Verified;
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(report.signatures.map(({ kind }) => kind)).toEqual(['package', 'timestamp']);
    expect(code).toBe(0);
    const bytes = await readFile(out);
    bytes.write('9', bytes.indexOf('1;2'));
    await writeFile(town.path('bad.asice'), bytes);
    expect((await town.run(['package', 'verify', town.path('bad.asice'), ...trust()])).code).toBe(
      3,
    );
  });

  it('seals for two recipients; each opens it, a stranger and a changed file do not', async () => {
    const csv = town.path('report.csv');
    for (const name of ['box', 'other']) {
      const { certificates } = await town.json<{
        certificates: { subjectText: string; serialNumber: string }[];
      }>(['ca', 'list']);
      const wanted = name === 'box' ? 'Sở Nội vụ' : 'Sở Tài chính';
      const serial = certificates.find(({ subjectText }) =>
        subjectText.includes(wanted),
      )?.serialNumber;
      await copyFile(town.path('ca', 'issued', `${serial}.crt`), town.path(`${name}.crt`));
    }
    const to = ['--to', town.path('box.crt'), '--to', town.path('other.crt')];
    await town.json(['file', 'seal', csv, ...to, '--context', 'VB-15']);
    const sealed = `${csv}.sealed`;
    for (const name of ['box', 'other']) {
      const out = town.path(`${name}.csv.opened`);
      await town.json([
        'file',
        'unseal',
        sealed,
        '--p12',
        town.path(`${name}.p12`),
        '--context',
        'VB-15',
        '--out',
        out,
      ]);
      expect(await readFile(out)).toEqual(await readFile(csv));
    }
    const stranger = await town.run([
      'file',
      'unseal',
      sealed,
      '--p12',
      town.path('seal.p12'),
      '--out',
      town.path('no'),
    ]);
    expect(stranger.code).toBe(8);
    const bytes = await readFile(sealed);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(town.path('changed.sealed'), bytes);
    const changed = await town.run([
      'file',
      'unseal',
      town.path('changed.sealed'),
      '--p12',
      town.path('box.p12'),
      '--out',
      town.path('changed.csv'),
    ]);
    expect(changed.code).toBe(9);
    await expect(readFile(town.path('changed.csv'))).rejects.toThrow('ENOENT');
  });

  it('never writes over a file, and asks for the key it lacks', async () => {
    const plain = town.path('plain.pdf');
    const again = await town.run(['file', 'sign', plain, ...p12(), '--out', plain]);
    expect(again.code).toBe(6);
    const keyless = await town.run(['file', 'sign', plain, '--out', town.path('x.pdf')]);
    expect(keyless.code).toBe(2);
    expect(keyless.err).toContain('--p12');
    const tsaLess = await town.run([
      'file',
      'sign',
      plain,
      ...p12(),
      '--level',
      'B-LT',
      '--out',
      town.path('x.pdf'),
    ]);
    expect(tsaLess.code).toBe(2);
    expect(tsaLess.err).toContain('--tsa');
  });

  it('names a time-stamp service that does not answer, and writes nothing', async () => {
    const out = town.path('unstamped.pdf');
    const dead = `http://127.0.0.1:${await freePort()}`;
    const outcome = await town.run([
      'file',
      'sign',
      town.path('plain.pdf'),
      ...p12(),
      '--tsa',
      dead,
      '--out',
      out,
    ]);
    expect(outcome.code).toBe(7);
    expect(outcome.err).toContain(dead);
    await expect(readFile(out)).rejects.toThrow('ENOENT');
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
    const { certificates } = await town.json<{
      certificates: { subjectText: string; serialNumber: string }[];
    }>(['ca', 'list']);
    const box = certificates.find(({ subjectText }) => subjectText.includes('Sở Nội vụ'));
    const to = ['--to', town.path('ca', 'issued', `${box?.serialNumber}.crt`)];
    await town.json(['file', 'seal', csv, ...to, '--context', '15/QĐ-UBND']);
    const unseal = ['file', 'unseal', `${csv}.sealed`, '--p12', town.path('box.p12'), '--out'];
    const opened = await town.json<{ context: string }>([...unseal, town.path('bound.opened')]);
    expect(opened.context).toBe('15/QĐ-UBND');
  });

  it('stops sealing when told to, leaves nothing behind and does not call it an error of its own', async () => {
    const stopped = AbortSignal.abort();
    const boxCrt = town.path('box.crt');
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
