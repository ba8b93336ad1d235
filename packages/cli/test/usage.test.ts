import { type StdioOptions, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../src/exit-codes.ts';
import { MAIN, type Outcome, execCli, runCli } from './run-cli.ts';

describe('the real program', () => {
  it('ends with 0 and prints its version', async () => {
    const { code, out } = await execCli(['--version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends with 2 at an unknown command and says where the right ones stand', async () => {
    const { code, out, err } = await execCli(['snd'], { LANG: 'C' });
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(
      /^error: unknown command 'snd' .*send.*\[CLI_USAGE\]\nhint: `congvan --help`/,
    );
  });

  it('ends with 5 where no agency is set up', async () => {
    const { code, err } = await execCli(['inbox', '--home', '/nonexistent/home'], { LANG: 'C' });
    expect(code).toBe(5);
    expect(err).toContain("no agency is set up in '/nonexistent/home'");
  });

  it('speaks Vietnamese when the system does', async () => {
    const { code, err } = await execCli(['inbox', '--home', '/x'], { LANG: 'vi_VN.UTF-8' });
    expect(code).toBe(5);
    expect(err).toMatch(/^lỗi: chưa lập cơ quan nào/);
  });
});

describe('output that nothing takes', () => {
  const run = async (argv: readonly string[], stdio: StdioOptions): Promise<Outcome> => {
    const child = spawn(process.execPath, [MAIN, ...argv], { env: { LANG: 'C' }, stdio });
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const code = await new Promise<number>((resolve) => {
      child.once('close', (status) => resolve(status ?? -1));
    });
    return { code, out: '', err };
  };

  it('is told, and the exit code is not that of a success', async () => {
    await using full = await open('/dev/full', 'w');
    const { code, err } = await run(['--version'], ['ignore', full.fd, 'pipe']);
    expect(err).toMatch(
      /^error: cannot write: ENOSPC.*\[CLI_WRITE_FAILED\]\nhint: only the output is lost.*\n$/,
    );
    expect(code).toBe(EXIT.refused);
  });

  it('changes no exit code where only the words beside a result are lost', async () => {
    await using full = await open('/dev/full', 'w');
    const { code } = await run(['snd'], ['ignore', 'ignore', full.fd]);
    expect(code).toBe(EXIT.usage);
  });
});

describe('a wrong command line', () => {
  const lines: [string, string[], RegExp][] = [
    ['a group without a command', ['ca'], /congvan ca/],
    ['no command', [], /congvan/],
    ['an unknown option', ['inbox', '--quarantene'], /unknown option '--quarantene'.*--quarantine/],
    ['a missing argument', ['open'], /missing required argument 'id'/],
    ['an argument too many', ['open', 'a', 'b'], /too many arguments/],
    ['a missing mandatory option', ['refuse', 'abcdef', '--reason', 'x'], /--code <code>/],
    ['a choice that is none', ['inbox', '--state', 'lost'], /open, accepted, refused/],
    ['an option without its value', ['verify', 'x.pdf', '--at'], /argument missing/],
    ['a time that is none', ['verify', 'x.pdf', '--at', '31/02/2026'], /a time is wanted/],
    ['a period that is none', ['stats', 'share', '--period', '2026-13'], /a period is wanted/],
    ['a period the wrong way round', ['stats', 'gaps', '--period', '2026-05..2026-01'], /a period/],
    ['a port that is none', ['bus', 'up', '--port', '70000'], /from 1 to 65535/],
    [
      'a refusal code that is none',
      ['refuse', 'abcdef', '--code', 'no', '--reason', 'x'],
      /WRONG_ADD/,
    ],
    [
      'an unknown kind of document',
      ['send', 'x.pdf', '--to', 'H09', '--abstract', 'x', '--type', 'Bài thơ'],
      /Nghị quyết \(NQ\).*Công văn/,
    ],
    [
      'an unknown urgency',
      ['send', 'x.pdf', '--to', 'H09', '--abstract', 'x', '--type', 'QĐ', '--priority', '5'],
      /0 to 4/,
    ],
    [
      'a paper recipient without a reason',
      ['send', 'x.pdf', '--to', 'H09', '--abstract', 'x', '--type', 'QĐ', '--paper-to', 'Sở A'],
      /NAME:REASON/,
    ],
  ];
  it.each(lines)('%s ends with 2 and explains itself', async (_name, argv, words) => {
    const { code, out, err } = await runCli(argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(words);
  });

  it('is one JSON object on stderr with --json', async () => {
    const { code, out, err } = await runCli(['open', '--json']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(JSON.parse(err)).toEqual({
      error: {
        code: 'CLI_USAGE',
        message: "missing required argument 'id'",
        hint: '`congvan open --help` shows what is right',
        details: { reason: 'missingArgument' },
      },
    });
  });

  it.each([
    ['--name', ''],
    ['--name', 'X\u001B[2J'],
    ['--name', 'x'.repeat(201)],
    ['--server', 'somewhere'],
    ['--server', 'http://127.0.0.1:4222'],
  ])('refuses an agency with %s %j before anything is made', async (option, value) => {
    const wanted = ['--name', 'x', '--tier', 'commune', '--site', 'H09', option, value];
    const { code, err } = await runCli(['agency', 'add', 'H09.1', ...wanted]);
    expect(code).toBe(2);
    expect(err).toContain(option);
    expect(err).not.toContain('\u001B');
  });

  it('is explained in Vietnamese too', async () => {
    const { err } = await runCli(['inbox', '--state', 'x', '--lang', 'vi']);
    expect(err).toMatch(/^lỗi: giá trị của '--state <state>' không hợp lệ: chọn một trong open/);
    expect(err).toContain('gợi ý: `congvan inbox --help`');
  });
});

describe('help', () => {
  it('ends with 0, names every command and the exit codes', async () => {
    const { code, out } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const name of ['send', 'inbox', 'ca', 'agency', 'relay', 'verify', 'doctor']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(out).toContain('4  verify: INDETERMINATE');
  });

  it('is Vietnamese with --lang vi', async () => {
    const { code, out } = await runCli(['send', '--help', '--lang=vi']);
    expect(code).toBe(0);
    expect(out).toContain('Cách dùng: congvan send');
    expect(out).toContain('vào sổ, ký số và gửi một văn bản');
  });
});
