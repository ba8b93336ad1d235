import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestSigner } from '@congvan/signer/testing';

const MODULES = [
  process.env['SOFTHSM2_MODULE'] ?? '',
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
];
const SCRIPT = fileURLToPath(new URL('../../signer/test/keys/put-objects.ts', import.meta.url));

/** The PKCS#11 module of SoftHSM; `undefined` where it is not installed. */
export const SOFT_HSM_MODULE = MODULES.find((file) => file !== '' && existsSync(file));

/** A token in a folder of its own. */
export interface SoftToken extends Disposable {
  readonly module: string;
  /** What the program that uses the token needs. */
  readonly env: { readonly SOFTHSM2_CONF: string };
}

/** Makes a token that holds one key with its certificate. */
export function createToken(
  tokenLabel: string,
  pin: string,
  keyLabel: string,
  signer: TestSigner,
): SoftToken {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-softhsm-'));
  const tokens = join(folder, 'tokens');
  const file = join(folder, 'softhsm2.conf');
  mkdirSync(tokens);
  writeFileSync(file, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
  const env = { SOFTHSM2_CONF: file };
  const options = { env: { ...process.env, ...env }, stdio: 'pipe' } as const;
  const module = SOFT_HSM_MODULE ?? '';
  const init = ['--init-token', '--free', '--label', tokenLabel, '--pin', pin];
  // Its own idea of where the module is does not hold for an unpacked SoftHSM.
  const more = ['--so-pin', '87654321', '--module', module];
  execFileSync('softhsm2-util', [...init, ...more], options);
  // SoftHSM names the folder after the serial number.
  const serialNumber = (readdirSync(tokens)[0] ?? '').replaceAll('-', '').slice(-16);
  const privateKey = signer.keys.privateKey.export({ format: 'pem', type: 'pkcs8' });
  const certificate = Buffer.from(signer.certificate.der).toString('base64');
  const objects = [{ label: keyLabel, id: '01', privateKey, certificate }];
  const input = JSON.stringify({ module, serialNumber, pin, objects });
  execFileSync(process.execPath, [SCRIPT], { ...options, input });
  return { module, env, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
