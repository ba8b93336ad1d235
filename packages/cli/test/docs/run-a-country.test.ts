import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findNatsServer } from '@congvan/bus';
import { expect, it } from 'vitest';

import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

const GUIDE = 'how-to/run-a-country.md';
const PORTS = ['client', 'cluster', 'leaf', 'monitor'] as const;

/** A server of the page as one of this machine: its own ports and folder, and a disk that is there. */
async function onThisMachine(server: string, folder: string): Promise<string> {
  const name = /name: ([a-z0-9]+)/u.exec(server)?.[1] ?? '';
  const free = await Promise.all(PORTS.map(async (kind) => `${kind}: ${await freePort()}`));
  const data = join(folder, 'machine', name, 'data');
  return `{ name: ${name}, host: 127.0.0.1, ${free.join(', ')}, data: ${data}, disk: 10GB }`;
}

/** The description of the page on loopback, where no TLS is wanted, and for the release that is here. */
async function describeHere(folder: string, version: string): Promise<string> {
  const [page = ''] = await blocksOf(GUIDE, 'yaml');
  let text = page
    .replace(/^server: .*$/mu, `server: ${version}`)
    .replace(/^tls:\n(?: {2}.*\n)+/mu, '');
  for (const [server] of page.matchAll(/\{ name: [^}]*\}/gu)) {
    text = text.replace(server, await onThisMachine(server, folder));
  }
  return text;
}

/** What a machine's administrator does with its folder. */
const START = `start() {
  mkdir -p "machine/$1" && cp -r "bus/servers/$1/." "machine/$1/"
  sed -i "s#/etc/congvan#$PWD/machine/$1#g" "machine/$1/nats-server.conf"
  "$NATS_SERVER" -c "machine/$1/nats-server.conf" > "machine/$1/log" 2>&1 &
}
again() { for _ in $(seq 60); do "$@" && return; sleep 0.5; done; return 1; }`;

it(
  'docs/how-to/run-a-country.md: its description is planned, applied, looked at and grown by a site on one machine',
  async () => {
    await using folder = await createGuideFolder();
    const { path, version } = await findNatsServer();
    const whole = await describeHere(folder.path, String(version));
    const withoutH44 = whole.replace(/ {2}- code: H44\n.*\n/u, '');
    expect(withoutH44).not.toBe(whole);
    await writeFile(join(folder.path, 'bus.yaml'), withoutH44);
    await writeFile(join(folder.path, 'bus-with-h44.yaml'), whole);
    const blocks = await blocksOf(GUIDE);
    const blockWith = (command: string): string => {
      const found = blocks.filter((block) => block.includes(command));
      expect({ command, blocks: found.length }).toEqual({ command, blocks: 1 });
      return found[0] ?? '';
    };
    const script = [
      'congvan() { node_modules/.bin/congvan "$@"; }',
      START,
      blockWith('congvan bus plan'),
      'for name in c1 c2 c3 tw h09; do start $name; done',
      `apply() { ${blockWith('congvan bus apply').trim().split('\n').join(' && ')}; }`,
      'again apply',
      blockWith('congvan bus status'),
      'echo "== a site more"',
      'cp bus-with-h44.yaml bus.yaml',
      'congvan bus plan bus.yaml --out bus --check || echo "check says $?"',
      blockWith('congvan bus plan'),
      'start h44',
      'again apply',
      blockWith('congvan bus status'),
    ].join('\n');
    const { code, output } = await runScript(folder.path, script, { NATS_SERVER: path });
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    const [first = '', second = ''] = output.split('== a site more');
    expect(first).toMatch(/^relays\/TW-RELAY\/central\.creds +made/mu);
    expect(first).toMatch(/^H09 +REPORT_H09 +made/mu);
    for (const server of ['c1', 'c2', 'c3', 'tw', 'h09']) {
      expect(first).toMatch(new RegExp(`^\\S+ +${server} +[\\d.]+ +ok`, 'mu'));
    }
    expect(first.match(/a message was written and read/gu)?.length).toBeGreaterThanOrEqual(3);
    expect(second).toMatch(/^H44 +REPORT_H44 +made/mu);
    expect(second).toMatch(/^central +REPORTS .*REPORT_H44/mu);
    expect(second).toMatch(/^H44 +h44 +[\d.]+ +ok/mu);
  },
  GUIDE_LIMIT_MS,
);
