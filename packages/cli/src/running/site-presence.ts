import { join } from 'node:path';

import type { SitePresence } from '@congvan/bus/site';

import type { GlobalOptions } from '../command.ts';
import type { Cli } from '../context.ts';
import { layoutOf } from '../home/layout.ts';
import { renderFields, renderTable } from '../terminal/table.ts';
import { formatTime } from '../terminal/time.ts';

export interface ShownPresence {
  readonly file: string;
  readonly writtenAt: Date;
  readonly present: number;
  readonly silent: readonly { readonly code: string; readonly since: Date | null }[];
  readonly conditions: SitePresence['conditions'];
}

/** Who is there and who is silent, as this home's site service saw it last; `null` without one. */
export async function presenceOf(cli: Cli, globals: GlobalOptions): Promise<ShownPresence | null> {
  const { PRESENCE_FILE, readSitePresence } = await import('@congvan/bus/site');
  const { site } = layoutOf(cli, globals);
  const found = await readSitePresence(site);
  if (found === undefined) return null;
  const { writtenMs, present, silent, conditions } = found;
  return {
    file: join(site, PRESENCE_FILE),
    writtenAt: new Date(writtenMs),
    present,
    silent: silent.map(({ code, sinceMs }) => ({
      code,
      since: sinceMs === null ? null : new Date(sinceMs),
    })),
    conditions,
  };
}

/** Empty without a site service here. */
export function renderPresence(cli: Cli, presence: ShownPresence | null): string {
  if (presence === null) return '';
  const { text } = cli.messages;
  const { writtenAt, present, silent } = presence;
  const fields = renderFields([
    [text.presentAgencies, `${present} (${formatTime(writtenAt)})`],
    [text.silentNow, silent.length],
  ]);
  if (silent.length === 0) return `\n${fields}`;
  const table = renderTable(
    cli.io,
    [{ title: text.agency }, { title: cli.messages.conditions.since }],
    silent.map(({ code, since }) => [code, since === null ? text.neverHeard : formatTime(since)]),
  );
  return `\n${fields}\n${table}`;
}
