import type { Account } from '@congvan/bus/relay';

import type { Cli } from '../../../context.ts';
import { renderFields, renderTable } from '../../../terminal/table.ts';
import { formatDate } from '../../../terminal/time.ts';

/** One account for people. */
export function renderAccount(cli: Cli, account: Account): string {
  const { text, relay } = cli.messages;
  const [name = '', role = '', scope = '', language = ''] = cells(cli, account);
  return renderFields([
    [relay.account, name],
    [text.role, role],
    [relay.scope, scope],
    [relay.language, language],
  ]);
}

export function renderAccounts(cli: Cli, accounts: readonly Account[]): string {
  const { text, relay } = cli.messages;
  if (accounts.length === 0) return `${relay.noAccounts}\n`;
  return renderTable(
    cli.io,
    [relay.account, text.role, relay.scope, relay.language, relay.tokenUntil].map((title) => ({
      title,
    })),
    accounts.map((account) => cells(cli, account)),
  );
}

function cells(cli: Cli, account: Account): string[] {
  const { name, role, scope, language, tokenExpiresAt } = account;
  const until = tokenExpiresAt === null ? '' : formatDate(tokenExpiresAt);
  return [name, role, scope ?? cli.messages.relay.everything, language, until];
}
