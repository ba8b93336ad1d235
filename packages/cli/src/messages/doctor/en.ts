import type { Check, CheckName } from '../../doctor/check.ts';

/** What `congvan doctor` says, English. */
export const doctorEn = {
  checks: {
    node: 'Node.js',
    'nats-server': 'nats-server',
    home: 'home folder',
    disk: 'disk',
    clock: 'clock',
    bus: 'bus',
    relay: 'relay',
    agency: 'agency',
    keys: 'keys',
    credentials: 'credentials',
    crl: 'revocation lists',
    agent: 'agent',
  } satisfies Record<CheckName, string>,
  states: { ok: 'ok', warn: 'warning', fail: 'FAILS', skip: '–' } satisfies Record<
    Check['state'],
    string
  >,
  installNode: (least: string) => `install Node.js ${least} or later`,
  enoughForOne: (wanted: string) => `enough for one machine; production needs ${wanted} or later`,
  notNeeded: 'none here, and none needed for an agency alone',
  notHere: 'not in this home',
  homeWillBeMade: (home: string) => `${home} will be made when it is needed`,
  homeNotWritable: (folder: string) => `'${folder}' is not writable`,
  chooseHome: 'choose another folder with --home or CONGVAN_HOME, or correct the rights',
  freeBytes: (gibibytes: string) => `${gibibytes} GiB free`,
  makeRoom: 'make room: nothing is kept when the disk is full',
  setClock: 'set the clock, best from a time server: signatures and registers depend on it',
  clockBehind: (newest: string) => `now is before ${newest}, when a file of this home was written`,
  runs: 'running',
  doesNotRun: 'not running',
  undelivered: (count: number) => `${count} undelivered`,
  lookOutbox: '`congvan outbox` names them; ask the recipients',
  noPassphrase: 'not opened: no passphrase given',
  validUntil: (time: string) => `valid until ${time}`,
  renewCertificate: 'get a new certificate, and enter it with `congvan agency add --replace`',
  unreadable: (path: string) => `'${path}' cannot be read`,
  noExpiry: 'without an end',
  renewCredentials: 'ask whoever runs the site for new credentials',
  noCrl: 'none: revoked certificates cannot be recognised',
  renewCrl: '`congvan ca crl` writes fresh lists; elsewhere copy them into trust/crls',
  wrongAddress: 'write the address as nats://HOST:PORT in agent.json',
  reached: (server: string) => `${server} answers`,
  notReached: (server: string) => `${server} does not answer`,
};

export type DoctorTexts = typeof doctorEn;
