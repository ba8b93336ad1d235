import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writePkcs12 } from '@congvan/signer';
import { type TestPki, createTestPki } from '@congvan/signer/testing';

// oxlint-disable no-restricted-imports -- tests of the bus and of the command share these records
import { openPageTown } from '../../bus/test/relay/pages/page-town.ts';
import { NOW } from '../../bus/test/relay/relay-database.ts';
// oxlint-enable no-restricted-imports
import type { Cli } from '../src/context.ts';
import { messagesOf } from '../src/messages/index.ts';
import { type Outcome, type RunOptions, runCli } from './run-cli.ts';

export { NOW };

export const KEY_PASSPHRASE = 'mật khẩu của khóa nút';
export const SIGNER_NAME = 'Trạm đối soát trung ương';

/** A home with a relay's folder that holds real records and a real key. */
export interface StatsHome extends AsyncDisposable {
  readonly home: string;
  readonly relay: string;
  readonly pki: TestPki;
  path(...parts: string[]): string;
  run(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
}

/** The records of the tests of the pages, where the command finds them, and the key of the relay. */
export async function openStatsHome(): Promise<StatsHome> {
  const town = await openPageTown();
  const home = join(town.home, 'home');
  await mkdir(join(town.home, 'keys'));
  await mkdir(home);
  await symlink(town.home, join(home, 'relay'));
  const pki = await createTestPki();
  const { keys, certificate } = await pki.issue({ commonName: SIGNER_NAME, use: 'node' });
  const key = { privateKey: keys.privateKey, certificate, chain: [pki.issuing] };
  const p12 = writePkcs12({ ...key, friendlyName: 'relay', passphrase: KEY_PASSPHRASE });
  await writeFile(join(town.home, 'keys', 'node.p12'), p12, { mode: 0o600 });
  const { signal: stopSignal } = new AbortController();
  const env = { CONGVAN_HOME: home, CONGVAN_PASSPHRASE: KEY_PASSPHRASE };
  return {
    home,
    relay: town.home,
    pki,
    path: (...parts) => join(home, ...parts),
    run: async (argv, options = {}) =>
      await runCli(argv, {
        now: () => NOW,
        stopSignal,
        ...options,
        env: { ...env, ...options.env },
      }),
    [Symbol.asyncDispose]: async () => await town[Symbol.asyncDispose](),
  };
}

/** What a part of the command is given that says nothing to anybody. */
export function quietCli(signal: AbortSignal = new AbortController().signal): Cli {
  return {
    env: {},
    io: {
      out: () => {},
      err: () => {},
      outIsTty: false,
      errIsTty: false,
      columns: 80,
      promptSecret: undefined,
    },
    language: 'en',
    messages: messagesOf('en'),
    now: () => NOW,
    stopSignal: () => signal,
    setExitCode: () => {},
  };
}
