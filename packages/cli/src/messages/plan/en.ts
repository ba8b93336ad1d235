import type { HealthFinding, HealthState, WrittenFile } from '@congvan/bus/plan';

type Values = HealthFinding['values'];

/** What `congvan bus plan|apply|status|doctor` say, English. */
export const planEn = {
  changes: {
    made: 'made',
    changed: 'changed',
    same: 'same',
  } satisfies Record<WrittenFile['change'], string>,
  wouldBe: {
    made: 'would be made',
    changed: 'would change',
    same: 'same',
  } satisfies Record<WrittenFile['change'], string>,
  streamChanges: { none: 'as planned', made: 'made', changed: 'changed' },
  states: { ok: 'ok', warn: 'warning', fail: 'FAILS' } satisfies Record<HealthState, string>,
  file: 'file',
  stream: 'stream',
  place: 'place',
  server: 'server',
  about: 'about',
  version: 'version',
  store: 'store filled',
  leads: 'ok, leads',
  fill: 'filled',
  messages: 'messages',
  sources: 'sources: waiting, last heard',
  agencies: 'agencies',
  finding: 'finding',
  notReached: (error: string) => `not reached: ${error}`,
  never: 'never',
  leftOver: (path: string) =>
    `'${path}' belongs to an earlier plan; delete it when nothing uses it`,
  nextFiles: (folder: string) =>
    `copy each folder below '${folder}/servers' and '${folder}/sites' to its machine; '${folder}/keys' stays here, with a copy in a safe`,
  nextReload: 'servers whose configuration changed need a restart, one after the other',
  nextApply: (folder: string) => `when the servers run: \`congvan bus apply ${folder}\``,
  noPlace: (name: string, known: string) => `there is no place '${name}'; there are ${known}`,
  noPlan: (folder: string) => `'${folder}' holds no plan`,
  siteRuns: (folder: string) => `another process runs the site service of '${folder}'`,
  tookAccount: (server: string) => `${server}: took the new account`,
  rotateNext: (site: string) =>
    `copy the file into 'bus/operator' of the home of ${site}, restart \`congvan site run\`, then \`congvan agency enrol --replace\` for each agency`,
  takenOverNext: (folder: string, place: string) =>
    `copy 'leaf.creds' and 'nats-server.conf' of its servers to '/etc/congvan' of clean machines, and 'site-service.creds' as the signing key; when the servers run: \`congvan bus apply ${folder} --place ${place}\``,
  configsNext: (files: string) =>
    `put ${files} in the place of the older file on each of these machines; running servers know it already and need no restart, but one that loses its data folder starts from this file`,
  removed: 'credentials removed',
  userKeyWanted: (code: string) =>
    `this home does not know the broker key of ${code}: name --user-key and --site`,
  noCentre: (folder: string) =>
    `'${folder}' holds no plan of a centre; copy 'centre/home' of the folder that \`congvan bus plan\` wrote`,
  tlsWanted:
    'the servers ask for TLS; name --tls-ca and --tls-p12, or use the home (--home) that holds the authority',
  centralBoth: 'name both: --central-server and --central-credentials',
  found: {
    unreachable: ({ reason }: Values) => `does not answer: ${reason}`,
    version: ({ version }: Values) => `nats-server ${version}`,
    'version-unsupported': ({ version, wanted }: Values) =>
      `nats-server ${version}; production needs ${wanted} or later`,
    'stream-missing': () => 'is not there',
    'stream-full': ({ percent }: Values) => `${percent} % full`,
    'stream-full-by-sources': ({ percent, source, sourceMessageCount, messageCount }: Values) =>
      source === undefined
        ? `${percent} % full`
        : `${percent} % full; ${sourceMessageCount} of its ${messageCount} messages come from ${source}`,
    'stream-no-leader': () => 'has no leader: too few of its servers run',
    'stream-stale-copy': ({ count, lag, streams }: Values) =>
      `its copies of ${count} streams are behind, by up to ${lag} entries: ${streams}`,
    'source-silent': ({ source, seconds, lag }: Values) =>
      `${source} ${seconds === -1 ? 'was never heard' : `silent for ${seconds} s`}, ${lag} waiting`,
    'source-error': ({ source, error }: Values) => `${source}: ${error}`,
    accounts: ({ count }: Values) => `has the ${count} accounts of the keys`,
    'server-unread': ({ reason }: Values) => `does not say how it is: ${reason}`,
    'another-server': ({ answered }: Values) => `${answered} answers at its address`,
    jetstream: ({ percent, usedBytes, maxBytes }: Values) =>
      `${percent} % of its store taken (${gib(usedBytes)} of ${gib(maxBytes)})`,
    'jetstream-off': () => 'runs without JetStream: it stores nothing',
    'store-full': ({ percent, usedBytes, maxBytes }: Values) =>
      `its store is ${percent} % full (${gib(usedBytes)} of ${gib(maxBytes)})`,
    cluster: ({ leader }: Values) => `its servers are led by ${leader}`,
    'cluster-no-leader': () => 'its servers have no leader: nothing can be made or changed',
    'peer-down': () =>
      'the other servers do not hear it either: one more, and nothing is stored any more',
    'peer-apart': () => 'answers here, but the other servers do not hear it: it counts as lost',
    'peer-unplanned': () => 'counts as a server of the cluster and is not in the plan',
    'account-missing': ({ accounts }: Values) => `does not know ${accounts}`,
    'account-older': ({ accounts }: Values) =>
      `its ${accounts} is older than that of the keys: who was revoked since is let in`,
    'account-newer': ({ accounts }: Values) =>
      `its ${accounts} is newer than that of the keys: they are an old copy`,
    'site-service': () => 'the site service answers',
    'site-service-silent': () => 'no site service answers',
    'centre-service': () => 'the service of the centre reads',
    'centre-service-silent': () => 'no service of the centre reads',
    'presence-old': ({ minutes }: Values) =>
      `who is there was written ${minutes} minutes ago, by a site service of this home`,
    'agencies-silent': ({ count, agencies }: Values) =>
      `${count} with unread messages, nobody reads: ${agencies}`,
    'agencies-stuck': ({ count, agencies }: Values) =>
      `${count} that read and acknowledge nothing: ${agencies}`,
    probe: ({ roundTripMs, copyCount }: Values) =>
      `a message was written and read in ${roundTripMs} ms, on ${copyCount} of its servers`,
    'probe-failed': ({ reason }: Values) => `a message could not be written and read: ${reason}`,
    clock: ({ differenceMs }: Values) => `its clock differs by ${differenceMs} ms`,
    certificate: ({ days }: Values) => `TLS certificate: ${days} days left`,
    'certificate-unread': () => 'no TLS certificate could be read',
    credentials: ({ days }: Values) =>
      days === -1 ? 'credentials without an end' : `credentials: ${days} days left`,
    disk: ({ freeBytes, stillWanted }: Values) =>
      `${gib(freeBytes)} free, the store may still take ${gib(stillWanted)}`,
    'disk-elsewhere': ({ dataFolder, storeBytes }: Values) =>
      `not seen from this machine: look there with \`df ${dataFolder}\`; the store may take ${gib(storeBytes)}`,
  } satisfies Record<HealthFinding['code'], (values: Values) => string>,
  todo: {
    unreachable:
      'look at the server and the line: `systemctl status congvan-nats`, firewall, name; a site works on without the centre',
    version: '',
    'version-unsupported':
      'upgrade, one server after the other: docs/how-to/upgrade-nats-server.md',
    'stream-missing':
      '`congvan bus apply` makes it and hands over the accounts, which a lost disk has taken too; what stood in it is sent again by the agents',
    'stream-full':
      'senders are refused when it is full; give it more room in the description and apply, and see who sends so much: fetching frees nothing, messages leave after 30 days, entries of a DIR_ stream never',
    'stream-full-by-sources':
      'nobody is refused: what others send waits in the streams of their sites; see what that site sends (without a name: whose DIR_ stream is the fullest), end its line if it was taken over (`congvan bus rotate-signer --taken-over`), give more room in the description and apply; fetching frees nothing, messages leave after 30 days, entries of DIRX and DIRIN_ never',
    'stream-no-leader': 'start the servers that are down: two of three must run',
    'stream-stale-copy':
      'wait a minute; if it stays, look at the log of that server, its disk and the line between the servers',
    'source-silent':
      'look at the line to that site; when it is there, `congvan bus apply` asks for the source afresh',
    'source-error': 'look at the leaf connection in the log of the server and at its leaf.creds',
    accounts: '',
    'server-unread':
      'look at the log of the server; one that stands still must be killed (kill -9) and started',
    'another-server': 'correct name, host and port in the description, or what the name leads to',
    jetstream: '',
    'jetstream-off':
      'look at its log for the write that failed, make room or mend the disk, then restart it',
    'store-full':
      'give it more room: `store` in the description, then restart the server; see which streams are the fullest',
    cluster: '',
    'cluster-no-leader':
      'start the servers that are down and look at the cluster port between them: two of three must run and hear each other',
    'peer-down':
      'start it; when its disk is lost, start it empty under the same name and run `congvan bus apply`: it fills from the others',
    'peer-apart':
      'look at the cluster port between the servers (firewall, name, certificate) and at its log',
    'peer-unplanned':
      'start it, or when it is gone for good take it out with the `nats` tool: `nats server raft peer-remove NAME`; while it counts, fewer others may be down',
    'account-missing': '`congvan bus apply FOLDER --place PLACE` hands it over',
    'account-older':
      '`congvan bus apply FOLDER --place PLACE` hands it over at once; put the newest `nats-server.conf` of the plan on that machine',
    'account-newer':
      "put the newest copy of the plan's `keys/` in place; without one repeat each `bus rotate-signer` since, then `congvan bus apply FOLDER --place PLACE`, which takes back from the server whom it refuses",
    'site-service': '',
    'site-service-silent':
      'start `congvan site run` in the home of that site: without it nobody is entered, finds others or renews what expires',
    'centre-service': '',
    'centre-service-silent':
      'start `congvan centre run`: without it files stay for thirty days and sources that stand still are not asked for afresh',
    'presence-old':
      'start `congvan site run` here, or look at its disk; after a start wait three minutes; delete the file when this home runs no site any more',
    'agencies-silent': 'ask those agencies whether `congvan agent run` runs',
    'agencies-stuck': '`congvan agent status` at those agencies says what holds them up',
    probe: 'look at disk and load of the server',
    'probe-failed':
      'look at disk space and log of the server at once; a 2.9 server with a full disk must be killed (kill -9) after making room',
    clock: 'set the clocks from a time server; at five minutes agencies are shut out',
    certificate: 'get a new certificate, put it in place, reload the server (systemctl reload)',
    'certificate-unread': 'look at the tls lines of its configuration',
    credentials: '`congvan bus plan` makes new ones when the file is removed',
    disk: 'make room, or lower `store` in the description and restart the server',
    'disk-elsewhere': '',
  } satisfies Record<HealthFinding['code'], string>,
};

export type PlanTexts = typeof planEn;

/** Sizes as people read them, in GiB. */
export function gib(bytes: string | number | undefined): string {
  return `${(Number(bytes ?? 0) / 1024 ** 3).toFixed(1)} GiB`;
}
