import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { type Signer, createKeySigner, parseCertificate } from '@congvan/signer';

/** The signer of a process that was given its key and certificate as files. */
export function readSigner(keyFile: string, certificateFile: string): Signer {
  return createKeySigner({
    privateKey: createPrivateKey(readFileSync(keyFile)),
    certificate: parseCertificate(readFileSync(certificateFile)),
    chain: [],
  });
}

/** Ends this process with SIGKILL at the nth time that a step is reached. */
export function killAt(step: string, times: number): (reached: string) => void {
  let left = times;
  return (reached) => {
    if (reached !== step) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
