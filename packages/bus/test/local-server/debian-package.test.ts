import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { fetchDebianPackages, hasDebianTools } from '../../src/local-server/debian-package.ts';

const LISTS = '/var/lib/apt/lists';
/** Without lists apt would ask the network, which no test does. */
const canAskApt =
  hasDebianTools() &&
  existsSync(LISTS) &&
  readdirSync(LISTS).some((file) => file.includes('_Packages'));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-debian-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('needs neither tools nor network when the folder is there', async () => {
  const said: string[] = [];
  const target = join(folder, 'tools');
  await mkdir(target);
  const announce = (line: string) => said.push(line);
  expect(await fetchDebianPackages(['nats-server'], target, { announce })).toBe(false);
  expect(said).toEqual([]);
});

it.skipIf(!canAskApt)('leaves nothing behind when there is no such package', async () => {
  const target = join(folder, 'tools');
  const attempt = fetchDebianPackages(['congvan-no-such-package'], target);
  await expect(attempt).rejects.toMatchObject({
    code: 'BUS_PACKAGE_FETCH_FAILED',
    message: expect.stringMatching(/unable to locate package/i) as unknown,
  });
  expect(await readdir(folder)).toEqual([]);
});
