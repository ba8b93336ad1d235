import { delimiter } from 'node:path';

import { type FoundServer, compareVersions, findNatsServer } from '../../src/local-server/find.ts';

/** Where packages put the program although it is often not in a user's PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/bin'];

/** The server that the tests use, and of those that the machine has besides the oldest and the newest. */
export async function serversUnderTest(): Promise<FoundServer[]> {
  const { NATS_SERVER: _chosen, ...env } = process.env;
  const found = [await findNatsServer()];
  for (const folder of [...(env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS]) {
    const options = { env: { ...env, PATH: folder }, extraFolders: [], download: false };
    const other = await findNatsServer(options).catch(() => undefined);
    const known = found.some(({ version }) => version === other?.version);
    if (other !== undefined && !known) found.push(other);
  }
  const sorted = found.toSorted((left, right) => compareVersions(left.version, right.version));
  return sorted.filter(
    (server, index) => index === 0 || index === sorted.length - 1 || server === found[0],
  );
}
