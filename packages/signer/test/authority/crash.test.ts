import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, it } from 'vitest';

import { openAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { validatePath } from '../../src/path/validate.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const run = promisify(execFile);
const base = scratchFolder('crash');
const template = path.join(base, 'ca');
const passphrase = 'một cụm mật khẩu dài';
const SCRIPT = path.join(import.meta.dirname, '../support/dies-at-step.ts');
const SIDE_BY_SIDE = 3;
/** Every step takes a minute; the usual run takes one of seven, and the last ones, where lists are written. */
const EVERY = process.env['CONGVAN_EVERY_STEP'] === '1' ? 1 : 7;

type Act = 'issue' | 'revoke' | 'new-ca';

beforeAll(async () => {
  const authority = await createAuthority({
    folder: template,
    passphrase,
    name: { commonName: 'CA' },
    algorithm: 'ec-p256',
  });
  await authority.issue({ subject: { commonName: 'Sẽ thu hồi' }, use: 'node' });
  await authority.setBaseUrl('http://pki.example');
  await authority.renewCrl();
});

interface Death {
  readonly folder: string;
  readonly handedOut: readonly string[];
  /** Accesses to the disk, when it lived. */
  readonly count: number;
}

async function dieAt(act: Act, step: number): Promise<Death> {
  const folder = path.join(base, `${act}-${step}`);
  cpSync(template, folder, { recursive: true });
  const argv = [SCRIPT, folder, passphrase, String(step), act];
  const { stdout, stderr } = await run(process.execPath, argv).catch((error: unknown) => {
    if (typeof error !== 'object' || error === null || !('signal' in error)) throw error;
    if (error.signal !== 'SIGKILL') throw error;
    return { stdout: 'stdout' in error ? String(error.stdout) : '', stderr: '0' };
  });
  const handedOut = stdout.split('\n').filter((line) => line !== '');
  return { folder, handedOut, count: Number(stderr) };
}

/** Whatever the step, the next command finds an authority that works and contradicts nothing. */
async function inspect({ folder, handedOut }: Death): Promise<string[]> {
  const authority = await openAuthority({ folder, passphrase });
  const faults: string[] = [];
  const known = new Set(authority.list().map(({ serialNumber }) => serialNumber));
  if (handedOut.some((serial) => !known.has(serial))) faults.push('handed out, not in the index');

  await authority.renewDueLists();
  const at = new Date();
  const first = authority.list()[0];
  if (first === undefined) return ['index is empty'];
  const judge = (serialNumber: string) =>
    validatePath(authority.certificate(serialNumber), { trust: authority.trust(), at });
  const expected = first.revoked === undefined ? null : 'REVOKED';
  if (judge(first.serialNumber).subIndication !== expected) faults.push('list behind the index');

  const { certificate } = await authority.issue({ subject: { commonName: 'Sau' }, use: 'node' });
  if (judge(certificate.serialNumber).subIndication !== null) faults.push('new one is not good');
  const { events } = await authority.auditLog();
  const logged = new Set(events.map(({ serialNumber }) => serialNumber));
  if ([...known].some((serial) => !logged.has(serial))) faults.push('in the index, not in the log');
  return faults;
}

describe('an authority whose command is killed', () => {
  it.each(['issue', 'revoke', 'new-ca'] as const)(
    'amid the accesses to the disk of %s is whole for the next one',
    async (act) => {
      const whole = await dieAt(act, 0);
      expect(whole.count).toBeGreaterThan(10);
      const steps = Array.from({ length: whole.count }, (_, at) => whole.count - at).filter(
        (_, at) => at % EVERY === 0,
      );
      const faults = new Map<number, string[]>();
      const work = async (): Promise<void> => {
        for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
          const found = await inspect(await dieAt(act, step));
          if (found.length > 0) faults.set(step, found);
        }
      };
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
      expect(faults).toEqual(new Map());
    },
    120_000,
  );
});
