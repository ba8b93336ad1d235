import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Authority } from '@congvan/signer';

import { type HomeLayout, listAgencyFolders, pathExists } from '../home/layout.ts';

/**
 * Copies the revocation lists of this home's authority to its agencies and relay, and the certificates
 * of issuing authorities that were added. Older lists and those of other authorities stay: of one
 * issuer the newest counts. Running agents notice by themselves.
 *
 * @returns the files written.
 */
export async function spreadCrls(layout: HomeLayout, authority: Authority): Promise<string[]> {
  const agencies = await listAgencyFolders(layout);
  const homes = [...agencies.map((name) => join(layout.agents, name)), layout.relay];
  const written: string[] = [];
  const put = async (folder: string, name: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const path = join(folder, name);
    await writeFile(`${path}.new`, bytes, { mode: 0o644, flush: true });
    await rename(`${path}.new`, path);
    written.push(path);
  };
  for (const home of homes) {
    if (!(await pathExists(join(home, 'trust')))) continue;
    for (const { number, certificate } of authority.issuingCas().slice(1)) {
      // The first one came with the enrolment.
      await put(join(home, 'trust', 'intermediates'), `issuing-${number}.crt`, certificate.der);
    }
    for (const [name, bytes] of authority.lists()) {
      await put(join(home, 'trust', 'crls'), name, bytes);
    }
  }
  return written;
}
