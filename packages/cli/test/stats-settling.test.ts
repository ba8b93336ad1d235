import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

import readXlsxFile from 'read-excel-file/node';
import { expect, it } from 'vitest';

import { messagesOf } from '../src/messages/index.ts';
import { type StatsHome, openStatsHome } from './stats-home.ts';

async function workbook(home: StatsHome, name: string, lang: 'en' | 'vi'): Promise<string> {
  const file = home.path(name);
  await home.run(['stats', 'share', '--period', '2026-Q3', '--xlsx', file, '--lang', lang]);
  return JSON.stringify(await readXlsxFile(file));
}

it('figures of a day that is being settled say so in both languages', async () => {
  await using home = await openStatsHome();
  const said = (lang: 'en' | 'vi'): string => messagesOf(lang).stats.lacking.settling;
  const before = await workbook(home, 'before.xlsx', 'en');
  const db = new DatabaseSync(join(home.relay, 'relay.sqlite'));
  db.exec('UPDATE figure_state SET overdue_before_ms = overdue_before_ms + 1');
  db.close();

  expect(before).not.toContain(said('en'));
  expect(await workbook(home, 'english.xlsx', 'en')).toContain(said('en'));
  expect(await workbook(home, 'vietnamese.xlsx', 'vi')).toContain(said('vi'));
});
