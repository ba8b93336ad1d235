import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { cacheFolder } from '../../src/local-server/cache-folder.ts';
import { compareVersions, findNatsServer } from '../../src/local-server/find.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'congvan-find-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A program that only knows its version: looking for a server asks for nothing else. */
async function placeServer(path: string, version: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

it('takes the server that NATS_SERVER names before any other', async () => {
  const chosen = await placeServer(join(folder, 'own', 'my-server'), '2.12.3');
  await placeServer(join(folder, 'path', 'nats-server'), '2.11.0');
  const env = { NATS_SERVER: chosen, PATH: join(folder, 'path') };
  expect(await findNatsServer({ env })).toEqual({ path: chosen, version: '2.12.3' });
});

it('does not fall back when NATS_SERVER names no server', async () => {
  const env = { NATS_SERVER: join(folder, 'missing'), PATH: process.env['PATH'] };
  await expect(findNatsServer({ env })).rejects.toMatchObject({
    code: 'BUS_SERVER_NOT_FOUND',
    message: expect.stringContaining('missing') as unknown,
  });
});

it('looks into PATH, then where packages put it, then into the cache', async () => {
  const options = {
    env: { PATH: join(folder, 'path'), CONGVAN_CACHE: join(folder, 'cache') },
    extraFolders: [join(folder, 'sbin')],
    download: false,
  };
  const cached = join(folder, 'cache', 'nats-server', 'usr', 'sbin', 'nats-server');
  const places = [cached, join(folder, 'sbin', 'nats-server'), join(folder, 'path', 'nats-server')];
  for (const place of places) {
    await placeServer(place, '2.9.10');
    expect(await findNatsServer(options)).toMatchObject({ path: place });
  }
});

it('passes over a server that is too old, and names it when there is no other', async () => {
  const old = await placeServer(join(folder, 'path', 'nats-server'), '2.9.9');
  const options = {
    env: { PATH: join(folder, 'path'), CONGVAN_CACHE: join(folder, 'cache') },
    extraFolders: [join(folder, 'sbin')],
    download: false,
  };
  await expect(findNatsServer(options)).rejects.toMatchObject({
    code: 'BUS_SERVER_TOO_OLD',
    message: expect.stringContaining(`${old} is nats-server 2.9.9`) as unknown,
  });
  const newer = await placeServer(join(folder, 'sbin', 'nats-server'), '2.10.0');
  expect(await findNatsServer(options)).toEqual({ path: newer, version: '2.10.0' });
});

it('says three ways to get a server when there is none', async () => {
  const env = { PATH: folder, CONGVAN_CACHE: folder };
  const attempt = findNatsServer({ env, extraFolders: [], download: false });
  await expect(attempt).rejects.toMatchObject({
    code: 'BUS_SERVER_NOT_FOUND',
    message: expect.stringMatching(/apt install.*releases?.*NATS_SERVER/) as unknown,
  });
});

it('compares versions by their numbers', () => {
  expect(compareVersions('2.9.10', '2.9.9')).toBeGreaterThan(0);
  expect(compareVersions('2.10.0', '2.9.10')).toBeGreaterThan(0);
  expect(compareVersions('2.15.2', '2.15.2')).toBe(0);
  expect(compareVersions('2.9.10-beta.1', '2.9.10')).toBe(0);
  expect(compareVersions('1.99.0', '2.0.0')).toBeLessThan(0);
});

it('keeps downloads where the user wants them', () => {
  expect(cacheFolder({ CONGVAN_CACHE: '/a' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe(join('/b', 'congvan'));
  expect(cacheFolder({})).toMatch(/\.cache[/\\]congvan$/);
});
