import { type Backup, backupFolder } from '@congvan/bus/sqlite';

export interface AgentBackupOptions {
  /** The agency's folder; its agent may run meanwhile. */
  readonly home: string;
  /** Must not exist yet. */
  readonly to: string;
  /** Keys and credentials too. Without them the copy restores nothing but data. */
  readonly withKeys?: boolean;
}

/**
 * Copies an agency's folder so that it can be put back (docs/how-to/back-up-and-restore.md). What was
 * still being fetched is fetched anew. Errors as `backupFolder`.
 */
export async function backupAgent(options: AgentBackupOptions): Promise<Backup> {
  const { home, to, withKeys = false } = options;
  return await backupFolder({
    home,
    to,
    database: 'agent.sqlite',
    named: ['packages', 'sealed'],
    parts: ['agent.json', 'trust'],
    secrets: withKeys ? ['keys', 'credentials'] : [],
  });
}
