import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { homePaths, readRelayConfig } from '../../src/relay/home.ts';
import { RelayTls } from '../../src/relay/tls.ts';
import { newWebHome } from './http/web-home.ts';

const PASSPHRASE = 'mật khẩu của khóa';

function writeKey(folder: string, file: string, passphrase: string): void {
  const [key, cert] = [join(folder, 'new.key'), join(folder, 'new.crt')];
  const run = (...argv: string[]): void =>
    void execFileSync('openssl', argv, { stdio: 'ignore', env: { ...process.env, P: passphrase } });
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  run('req', '-x509', ...kind, '-keyout', key, '-out', cert, '-subj', '/CN=relay');
  run('pkcs12', '-export', '-inkey', key, '-in', cert, '-passout', 'env:P', '-out', `${file}.new`);
  renameSync(`${file}.new`, file);
}

it('a renewed key of the broker connection is taken while the relay runs, a damaged one is not', async () => {
  await using web = await newWebHome({ tls: {} });
  const paths = homePaths(web.home);
  mkdirSync(join(web.home, 'keys'));
  writeKey(web.home, paths.tlsKey, PASSPHRASE);
  const log: string[] = [];
  using tls = await RelayTls.open(
    await readRelayConfig(web.home),
    paths,
    async () => PASSPHRASE,
    (_level, message) => void log.push(message),
  );
  const shown = (): Uint8Array | undefined => tls?.current().client?.p12;
  const first = readFileSync(paths.tlsKey);
  expect(shown()).toEqual(first);
  await tls?.reload();
  expect(log).toEqual([]);

  writeKey(web.home, paths.tlsKey, PASSPHRASE);
  const second = readFileSync(paths.tlsKey);
  expect(second).not.toEqual(first);
  await tls?.reload();
  expect(shown()).toEqual(second);

  writeKey(web.home, paths.tlsKey, 'another one');
  await tls?.reload();
  writeFileSync(paths.tlsKey, second.subarray(0, 300));
  await tls?.reload();
  rmSync(paths.tlsKey);
  await tls?.reload();
  await tls?.reload();
  expect(shown()).toEqual(second);
  expect(log).toEqual([
    'TLS key of the broker connection taken again',
    'TLS key of the broker connection not taken',
    'TLS key of the broker connection not taken',
    'TLS key of the broker connection not taken',
  ]);
});
