import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findDocumentType } from '../src/documents/document-type.ts';
import { mediaTypeOf } from '../src/documents/media-type.ts';
import { findPriority } from '../src/documents/priority.ts';
import { safeFileName, saveFiles } from '../src/documents/save-files.ts';
import { readInputFile } from '../src/home/input-file.ts';
import { messagesOf } from '../src/messages/index.ts';

describe('kinds of documents', () => {
  it.each([
    ['Công văn', 'Công văn'],
    ['cong van', 'Công văn'],
    ['QUYẾT ĐỊNH', 'Quyết định'],
    ['QĐ', 'Quyết định'],
    ['QyĐ', 'Quy định'],
    ['ĐA', 'Đề án'],
    ['DA', 'Dự án'],
  ])('%s is %s', (text, name) => {
    expect(findDocumentType(text)).toBe(name);
  });

  it('does not guess', () => {
    expect(findDocumentType('công')).toBeUndefined();
    expect(findDocumentType('')).toBeUndefined();
  });
});

it('urgency has numbers and names in both languages', () => {
  expect(['0', 'urgent', 'Hỏa tốc', 'thượng-khẩn', '4'].map(findPriority)).toEqual([0, 1, 3, 2, 4]);
  expect(['5', '-1', '01', ''].map(findPriority)).toEqual(Array(4).fill(undefined));
});

it('media types follow the name', () => {
  expect(['a.PDF', 'b.xlsx', 'c'].map(mediaTypeOf)).toEqual([
    'application/pdf',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/octet-stream',
  ]);
});

describe('an input file', () => {
  const cli = { messages: messagesOf('en') };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-input-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is not waited for when it is a pipe that nobody writes to', async () => {
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    await expect(readInputFile(cli, pipe)).rejects.toMatchObject({ code: 'CLI_FILE_UNREADABLE' });
  });

  it('must hold something, and not too much', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(readInputFile(cli, file)).rejects.toMatchObject({ code: 'CLI_FILE_EMPTY' });
    await writeFile(file, 'xyz');
    await expect(readInputFile(cli, file, 2)).rejects.toMatchObject({ code: 'CLI_FILE_TOO_LARGE' });
    expect(await readInputFile(cli, file)).toHaveLength(3);
    await expect(readInputFile(cli, folder)).rejects.toMatchObject({ code: 'CLI_FILE_UNREADABLE' });
  });
});

describe('file names of strangers', () => {
  it.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['/etc/shadow', 'shadow'],
    ['..', 'file'],
    ['', 'file'],
    ['.bashrc', 'bashrc'],
    ['-rf', 'rf'],
    ['CON.pdf', '_CON.pdf'],
    ['a\u0000b\u202Efdp.exe', 'abfdp.exe'],
    ['a:b*c?.pdf', 'a_b_c_.pdf'],
    ['tệp.pdf. ', 'tệp.pdf'],
    ['Công văn số 15.pdf', 'Công văn số 15.pdf'],
  ])('%j becomes %j', (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it('are short enough for any file system, the ending kept', () => {
    const safe = safeFileName(`${'ễ'.repeat(300)}.pdf`);
    expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
    expect(safe).toMatch(/\.pdf$/);
  });

  it('never leave a folder, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const safe = safeFileName(name);
        expect(safe).toMatch(/^[^/\\\p{Cc}]+$/u);
        expect(['.', '..']).not.toContain(safe);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(210);
      }),
    );
  });
});

describe('saving files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-save-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('overwrites nothing and leaves nothing else behind', async () => {
    await writeFile(join(folder, 'a.pdf'), 'mine');
    const bytes = Buffer.from('theirs');
    const saved = await saveFiles(folder, [
      { name: 'a.pdf', bytes },
      { name: '../a.pdf', bytes },
    ]);
    expect(saved).toEqual([join(folder, 'a (2).pdf'), join(folder, 'a (3).pdf')]);
    expect(await readFile(join(folder, 'a.pdf'), 'utf8')).toBe('mine');
    expect((await readdir(folder)).toSorted()).toEqual(['a (2).pdf', 'a (3).pdf', 'a.pdf']);
  });

  it('makes the folder', async () => {
    const below = join(folder, 'x', 'y');
    await saveFiles(below, [{ name: 'a', bytes: Buffer.from('1') }]);
    expect(await readdir(below)).toEqual(['a']);
  });

  it('writes nothing where the folder is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    const files = [{ name: 'a', bytes: Buffer.from('1') }];
    await expect(saveFiles(join(folder, 'file'), files)).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  it('leaves a folder of that name alone', async () => {
    await mkdir(join(folder, 'a.pdf'));
    const saved = await saveFiles(folder, [{ name: 'a.pdf', bytes: Buffer.from('1') }]);
    expect(saved).toEqual([join(folder, 'a (2).pdf')]);
  });
});
