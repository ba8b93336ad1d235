import { isAbsolute, normalize } from 'node:path';

import { type Backup, backupFolder } from '../sqlite/backup.ts';
import { readRelayConfig } from './home.ts';
import { forgetLogIns } from './storage/web-store.ts';

export interface RelayBackupOptions {
  /** The relay's folder; it may run meanwhile. */
  readonly home: string;
  /** Must not exist yet. */
  readonly to: string;
  /** Keys and credentials too, and what `relay.json` names as secret. */
  readonly withKeys?: boolean;
}

/**
 * Copies a relay's folder so that it can be put back, with the accounts of its pages and without their
 * sessions. Files that `relay.json` names outside the folder are nobody's but their owner's.
 *
 * Errors as `backupFolder`, and `BUS_RELAY_HOME_INVALID`.
 */
export async function backupRelay(options: RelayBackupOptions): Promise<Backup> {
  const { home, to, withKeys = false } = options;
  const { http, oidc, webhooks = [] } = await readRelayConfig(home);
  const secrets = [http?.key, oidc?.secretFile, ...webhooks.map(({ secretFile }) => secretFile)];
  return await backupFolder({
    home,
    to,
    database: 'relay.sqlite',
    more: [{ database: 'web.sqlite', forget: forgetLogIns }],
    parts: ['relay.json', 'trust', ...inside([http?.certificate])],
    secrets: withKeys ? ['keys', 'credentials', ...inside(secrets)] : [],
  });
}

/** Names of files within the folder, as `relay.json` may have them. */
function inside(files: readonly (string | undefined)[]): string[] {
  return files.flatMap((file) => {
    if (file === undefined || isAbsolute(file)) return [];
    const name = normalize(file);
    return name.startsWith('..') ? [] : [name];
  });
}
