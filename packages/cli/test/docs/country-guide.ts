import { join } from 'node:path';

import { expect } from 'vitest';

import { blocksOf, freePort } from './run-guide.ts';

const COUNTRY_PAGE = 'how-to/run-a-country.md';
const PORTS = ['client', 'cluster', 'leaf', 'monitor'] as const;
/** Where the page has the files of a machine. */
const CONFIG_FOLDER = '/etc/congvan';
const BACKUPS = '/backup/';

/** The description of a country as one of this machine. */
export interface CountryHere {
  readonly description: string;
  /** Takes the names of the page's servers, and their folder on this machine, into commands. */
  here(block: string, machine: string): string;
}

/** The description of the page with ports and folders of their own, for the release that is here. */
export async function describeHere(folder: string, version: string): Promise<CountryHere> {
  const [text = ''] = await blocksOf(COUNTRY_PAGE, 'yaml');
  let description = text.replace(/^server: .*$/mu, `server: ${version}`);
  const addresses = new Map<string, string>();
  const taken = new Set<number>();
  for (const [server, name = '', host = ''] of text.matchAll(
    /\{ name: (\w+), host: ([\w.]+), [^}]*\}/gu,
  )) {
    const free = await newPorts(taken);
    const ports = PORTS.map((kind, index) => `${kind}: ${free[index]}`).join(', ');
    const data = join(folder, 'machine', name, 'data');
    const one = `{ name: ${name}, host: localhost, listen: 127.0.0.1, ${ports}, data: ${data}, disk: 10GB }`;
    description = description.replace(server, one);
    addresses.set(`tls://${host}:4222`, `tls://localhost:${free[0]}`);
  }
  return {
    description,
    here(block, machine) {
      let commands = block.replaceAll(CONFIG_FOLDER, `$PWD/machine/${machine}`);
      commands = commands.replaceAll(BACKUPS, '$PWD/backup/');
      for (const [there, address] of addresses) commands = commands.replaceAll(there, address);
      return commands.replaceAll(/--dns \S+/gu, '--dns localhost');
    },
  };
}

/** One for each kind; the system may offer one twice that nobody listens on yet. */
async function newPorts(taken: Set<number>): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < PORTS.length) {
    const port = await freePort();
    if (taken.has(port)) continue;
    taken.add(port);
    ports.push(port);
  }
  return ports;
}

/** A command block of a page, found by a text that no other one has, for one machine. */
type FindBlock = (text: string, machine: string) => string;

/** The command blocks of the pages, and what a script does with them. */
export interface Country {
  readonly country: FindBlock;
  readonly standby: FindBlock;
  readonly backup: FindBlock;
  /** What the page shows for a province, at the centre. */
  ofTw(block: string): string;
  /** Runs a block beside the rest; `end LOG` ends it. */
  background(block: string, log: string): string;
  /** The first line with this text, of a block whose other lines belong to another machine. */
  first(block: string, text: string): string;
}

export async function readCountry({ here }: Pick<CountryHere, 'here'>): Promise<Country> {
  const finder = async (page: string): Promise<FindBlock> => {
    const blocks = await blocksOf(page);
    return (text, machine) => {
      const found = blocks.filter((block) => block.includes(text));
      expect({ page, text, blocks: found.length }).toEqual({ page, text, blocks: 1 });
      return here(found[0] ?? '', machine);
    };
  };
  return {
    country: await finder(COUNTRY_PAGE),
    standby: await finder('how-to/move-to-the-standby-centre.md'),
    backup: await finder('how-to/back-up-and-restore.md'),
    ofTw: (block) => block.replaceAll('H09', 'TW'),
    background: (block, log) => `( ${block.trim()}\n) > ${log}.log 2>&1 &\necho $! > ${log}.pid`,
    first: (block, text) => {
      const found = block.split('\n').find((line) => line.includes(text));
      if (found === undefined) throw new Error(`no line with ${text}`);
      return found;
    },
  };
}

/** What the administrators of the machines and the agencies do, in bash. */
export const MACHINES = `
congvan() { "$GUIDE/node_modules/.bin/congvan" "$@"; }
at() { mkdir -p "home/$1" && export CONGVAN_HOME="$GUIDE/home/$1"; }
again() { for _ in $(seq 90); do "$@" && return; sleep 0.5; done; return 1; }
has() { for _ in $(seq 600); do grep -q "$2" "$1" 2>/dev/null && return; sleep 0.1; done; cat "$1"; return 1; }
end() { kill -9 $(pgrep -P "$(cat "$1.pid")") "$(cat "$1.pid")" || true; }
restore() {
  rm -rf away && mv "$1" away && cp -R "$2" "$1"
  cp -R away/keys away/credentials "$1/"
}
start() {
  mkdir -p "machine/$1/tls" && cp -r "bus/servers/$1/." "machine/$1/"
  cp server.pem server.key "machine/$1/tls/" && cp public-TW/root.crt "machine/$1/tls/ca.pem"
  [[ "$1" != h09 ]] || cat public-H09/root.crt >> "machine/$1/tls/ca.pem"
  sed -i "s#${CONFIG_FOLDER}#$GUIDE/machine/$1#g" "machine/$1/nats-server.conf"
  "$NATS_SERVER" -c "machine/$1/nats-server.conf" >> "machine/$1/log" 2>&1 &
  echo $! > "machine/$1/pid"
}
desk() { at "$1"; congvan site desk --url "https://127.0.0.1:$2" --listen "127.0.0.1:$2"; }
enrol() {
  at "$1"; congvan agency enrol "$2" --name "Cơ quan $2" --site "$1" --tier province --issue-seal --out tokens
  at "offices-$1"; again congvan agent enrol "tokens/$(tr . - <<< "$2").token"
  ( congvan agent run ) > "offices-$1.log" 2>&1 &
  echo $! > "offices-$1.pid"
}
status() { at "offices-$1"; congvan agent status --json | tr -d ' \\n'; }
knows() { status "$1" | grep -Eq '"directoryEntries":[4-9]'; }
settled() { status H09 | grep -Eq '"report":\\{[^}]*"last":([1-9][0-9]*),"watermark":\\1[,}]'; }
whole() { status H09 | grep -v RESTORED | grep -q '"running":true'; }
letter() { at offices-H09; congvan send report.pdf --to G09 --type "Báo cáo" --abstract "$1"; }
arrived() { at offices-H09; congvan --json track "$1" | grep -q '"01"'; }`;
