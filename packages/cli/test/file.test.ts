import { copyFile, readFile, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from './docs/run-guide.ts';
import { type FileTown, type Verified, createFileTown } from './file-town.ts';
import type { Town } from './town.ts';

describe('file and package', () => {
  let town: Town;
  let tsa: string;
  let verify: FileTown['verify'];
  const trust = (): string[] => ['--trust', town.path('trust')];
  const p12 = (): string[] => ['--p12', town.path('seal.p12')];

  beforeAll(async () => {
    ({ town, tsa, verify } = await createFileTown());
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
});
