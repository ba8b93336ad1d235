import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { TestSigner } from '../../src/testing/index.ts';
import type { PutRequest, TokenObject } from './put-objects.ts';

/** Why there is no token to test with; undefined when there is one. */
export function reasonWithoutToken(): string | undefined {
  if (moduleFile() === undefined) return 'needs softhsm2 (npm test gets it)';
  try {
    createRequire(import.meta.url)('pkcs11js');
    return undefined;
  } catch {
    return 'needs pkcs11js compiled (npm test does it, with a C++ compiler)';
  }
}

function moduleFile(): string | undefined {
  const named = process.env['SOFTHSM2_MODULE'];
  if (named !== undefined) return named;
  const folders = ['/usr/lib/softhsm', '/usr/lib/x86_64-linux-gnu/softhsm', '/usr/lib64/softhsm'];
  return folders.map((folder) => path.join(folder, 'libsofthsm2.so')).find(existsSync);
}

/** A key or certificate for a token, from a signer of the test PKI. */
export function objectOf(
  label: string,
  id: string,
  signer: TestSigner,
  more: Partial<TokenObject> = {},
): TokenObject {
  const privateKey = signer.keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const certificate = Buffer.from(signer.certificate.der).toString('base64');
  return { label, id, privateKey, certificate, ...more };
}

/** SoftHSM with tokens in a folder of its own; `SOFTHSM2_CONF` of this process points to it. */
export class SoftHsm implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'signer-softhsm-'));
  readonly module: string;

  /** @param mechanisms - names SoftHSM shall offer, all by default. */
  constructor(mechanisms = 'ALL') {
    this.module = moduleFile() ?? '';
    mkdirSync(path.join(this.folder, 'tokens'));
    mkdirSync(path.join(this.folder, 'away'));
    const lines = [
      `directories.tokendir = ${path.join(this.folder, 'tokens')}`,
      'objectstore.backend = file',
      'log.level = ERROR',
      `slots.mechanisms = ${mechanisms}`,
    ];
    const file = path.join(this.folder, 'softhsm2.conf');
    writeFileSync(file, `${lines.join('\n')}\n`);
    process.env['SOFTHSM2_CONF'] = file;
  }

  /** Makes a token with what is on it; returns its serial number. */
  createToken(label: string, pin: string, objects: readonly TokenObject[]): string {
    const before = new Set(this.#tokens());
    const args = ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '87654321'];
    // Its own idea of where the module is does not hold for an unpacked SoftHSM.
    execFileSync('softhsm2-util', [...args, '--module', this.module], { stdio: 'pipe' });
    const made = this.#tokens().find((name) => !before.has(name));
    // SoftHSM names the folder after the serial number.
    const serialNumber = (made ?? '').replaceAll('-', '').slice(-16);
    this.put(serialNumber, pin, objects);
    return serialNumber;
  }

  put(serialNumber: string, pin: string, objects: readonly TokenObject[]): void {
    const request: PutRequest = { module: this.module, serialNumber, pin, objects };
    const script = path.join(import.meta.dirname, 'put-objects.ts');
    execFileSync(process.execPath, [script], { input: JSON.stringify(request), stdio: 'pipe' });
  }

  /** Pulls a token out of its reader. */
  pullOut(serialNumber: string): void {
    this.#move(serialNumber, 'tokens', 'away');
  }

  /** Puts it back. */
  putBack(serialNumber: string): void {
    this.#move(serialNumber, 'away', 'tokens');
  }

  #move(serialNumber: string, from: string, to: string): void {
    const names = readdirSync(path.join(this.folder, from));
    const name = names.find((one) => one.replaceAll('-', '').endsWith(serialNumber));
    if (name === undefined) throw new Error(`no token ${serialNumber} in ${from}`);
    renameSync(path.join(this.folder, from, name), path.join(this.folder, to, name));
  }

  #tokens(): string[] {
    return readdirSync(path.join(this.folder, 'tokens'));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
