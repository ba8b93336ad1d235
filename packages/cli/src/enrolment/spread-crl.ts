import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type HomeLayout, listAgencyFolders, pathExists } from '../home/layout.ts';

/**
 * Copies the revocation lists of this home's authority to its agencies and relay. Older lists and
 * those of other authorities stay: of one issuer the newest counts. Running agents notice by
 * themselves.
 *
 * @returns the files written.
 */
export async function spreadCrls(
  layout: HomeLayout,
  crls: { readonly root: Uint8Array; readonly issuing: Uint8Array },
): Promise<string[]> {
  const agencies = await listAgencyFolders(layout);
  const homes = [...agencies.map((name) => join(layout.agents, name)), layout.relay];
  const written: string[] = [];
  for (const home of homes) {
    if (!(await pathExists(join(home, 'trust')))) continue;
    const folder = join(home, 'trust', 'crls');
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(crls)) {
      const path = join(folder, `${name}.crl`);
      await writeFile(`${path}.new`, bytes, { mode: 0o644, flush: true });
      await rename(`${path}.new`, path);
      written.push(path);
    }
  }
  return written;
}
