import { waitUntil } from '@congvan/bus/testing';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';

import { layoutOf } from '../src/index.ts';
import { foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 20_000;

it('shows and hands over the rest when stored rows are damaged, and names those', async () => {
  await using town = await foundTown();
  const wards = [
    await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' }),
    await town.addOffice({ code: 'H09.12.035', tier: 'commune', site: 'H09' }),
  ] as const;
  const district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
  {
    await using recipient = await district.open();
    for (const [index, ward] of wards.entries()) {
      await using sender = await ward.open();
      await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
      for (const abstract of ['Một', 'Hai']) {
        await sender.send({
          to: [district.code],
          document: { name: 'van-ban.pdf', pdf: await makePdf(`${ward.code} ${abstract.length}`) },
          abstract,
          documentType: 'Công văn',
        });
      }
      await waitUntil(() => recipient.listInbox().length === 2 * (index + 1), WAIT_MS);
    }
  }
  const [hit, whole] = wards;
  const db = new Database(layoutOf(district.home).database);
  const damage = Buffer.from('damaged by a disk');
  db.prepare('UPDATE directory_entry SET record = ? WHERE code = ?').run(damage, hit.code);
  const cut = db
    .prepare<[string], string>(
      `UPDATE incoming SET summary = substr(summary, 1, 20)
       WHERE id = (SELECT min(id) FROM incoming WHERE sender = ?) RETURNING id`,
    )
    .pluck()
    .get(whole.code);
  db.close();

  await using desk = await district.open({ mode: 'desk' });
  const rows = desk.listInbox();
  expect(rows).toHaveLength(4);
  const damagesOf = (code: string) =>
    rows.filter(({ from }) => from === code).map((row) => row.damage);
  const entry: unknown = expect.stringContaining(`directory entry of ${hit.code} is damaged`);
  expect(damagesOf(hit.code)).toEqual([entry, entry]);
  expect(damagesOf(whole.code)).toContain(null);
  expect(rows.find(({ id }) => id === cut)?.damage).toContain(`summary of ${cut} is damaged`);
  expect(rows.filter(({ from }) => from === hit.code).map(({ abstract }) => abstract)).toContain(
    'Một',
  );

  const damaged: { code: string; damage: string }[] = [];
  const listed = desk.listDirectory((one) => void damaged.push(one)).map(({ code }) => code);
  expect(listed).toEqual(expect.arrayContaining([whole.code, district.code]));
  expect(listed).not.toContain(hit.code);
  expect(damaged).toEqual([{ code: hit.code, damage: entry }]);
  expect(desk.listDirectory()).toHaveLength(listed.length);
  {
    await using sender = await whole.open({ mode: 'desk' });
    const own = new Database(layoutOf(whole.home).database);
    own.prepare('UPDATE directory_entry SET record = ? WHERE code = ?').run(damage, district.code);
    own.close();
    const [first] = sender.track('1').deliveries;
    const missing: unknown = expect.stringContaining(`entry of ${district.code} is damaged`);
    expect(first).toMatchObject({ to: district.code, toName: district.code, damage: missing });
  }

  const given = new Set<string>();
  for await (const { id } of desk.incoming()) {
    given.add(id);
    if (given.size === 3) break;
  }
  expect(given.has(cut ?? '')).toBe(false);
});
