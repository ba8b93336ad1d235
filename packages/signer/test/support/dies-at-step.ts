/**
 * Acts of an authority in a process that kills itself at its nth access to the disk. Prints the serial
 * number of each certificate once it was handed out.
 *
 * Arguments: folder, passphrase, step (0: live to the end), act.
 */
import { writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [folder = '', passphrase = '', stepText = '0', act = ''] = process.argv.slice(2);

// Opened before the counting starts: reading keys and certificates changes nothing.
const { openAuthority } = await import('../../src/authority/authority.ts');
const authority = await openAuthority({ folder, passphrase });

let left = Number(stepText);
let count = 0;
const access = ['open', 'link', 'rename', 'rm', 'writeFile'] as const;
for (const name of access) {
  const original = fs[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      count += 1;
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return original(...args);
    },
  });
}
syncBuiltinESMExports();

const subject = { commonName: 'Sở Nội vụ' };
if (act === 'issue') {
  const { certificate } = await authority.issue({ subject, use: 'node' });
  writeSync(1, `${certificate.serialNumber}\n`);
} else if (act === 'revoke') {
  const [first] = authority.list();
  await authority.revoke(first?.serialNumber ?? '', 'superseded');
} else {
  await authority.addIssuingCa({ algorithm: 'ec-p256' });
}
writeSync(2, `${count}\n`);
