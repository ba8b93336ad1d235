import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';

import type { Cli } from '../src/context.ts';
import { messagesOf } from '../src/messages/index.ts';
import { createProgram } from '../src/program.ts';
import { renderReference } from '../src/reference.ts';

const FILE = fileURLToPath(new URL('../../../docs/reference/cli.md', import.meta.url));

function englishCli(): Cli {
  return {
    env: {},
    language: 'en',
    messages: messagesOf('en'),
    io: {
      out: () => undefined,
      err: () => undefined,
      outIsTty: false,
      errIsTty: false,
      columns: 100,
      promptSecret: undefined,
    },
    now: () => new Date(0),
    stopSignal: () => new AbortController().signal,
    setExitCode: () => undefined,
  };
}

it('docs/reference/cli.md is what the command tree says', async () => {
  const cli = englishCli();
  const rendered = renderReference(createProgram(cli, '0.0.0'), cli.messages);
  const expected = await format(rendered, { ...(await resolveConfig(FILE)), parser: 'markdown' });
  if (process.env['UPDATE_REFERENCE'] === '1') {
    await mkdir(dirname(FILE), { recursive: true });
    await writeFile(FILE, expected);
  }
  expect(await readFile(FILE, 'utf8')).toBe(expected);
});
