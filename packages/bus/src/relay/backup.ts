import { type Backup, backupFolder } from '../sqlite/backup.ts';

export interface RelayBackupOptions {
  /** The relay's folder; it may run meanwhile. */
  readonly home: string;
  /** Must not exist yet. */
  readonly to: string;
  /** Keys and credentials too. */
  readonly withKeys?: boolean;
}

/** Copies a relay's folder so that it can be put back. Errors as `backupFolder`. */
export async function backupRelay(options: RelayBackupOptions): Promise<Backup> {
  const { home, to, withKeys = false } = options;
  return await backupFolder({
    home,
    to,
    database: 'relay.sqlite',
    parts: ['relay.json', 'trust'],
    secrets: withKeys ? ['keys', 'credentials'] : [],
  });
}
