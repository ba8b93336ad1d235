/** Texts of the demo, English. */
export interface DemoTexts {
  readonly language: 'en' | 'vi';
  readonly title: string;
  readonly actBuild: string;
  readonly actUp: string;
  readonly actDown: string;
  readonly actOrdinary: string;
  readonly actAttack: string;
  readonly actEnd: string;
  makeKeys(count: number): string;
  readonly keys: string;
  keysMade(count: number): string;
  readonly startServer: string;
  serverRuns(version: string, url: string): string;
  readonly startSite: string;
  siteRuns(agencies: number, sites: string): string;
  readonly startParts: string;
  partsRun(relay: string, pid: number, agents: number, offline: string): string;
  /** One document on its way: its number, who sends it and to whom. */
  sending(from: string, to: string): string;
  sent(code: string, from: string, to: string, status: string): string;
  /** The same when the recipients are cut off. */
  waits(code: string, from: string, to: string): string;
  /** How many of several recipients are cut off. */
  waiting(count: number): string;
  paper(code: string, from: string, reason: string): string;
  readonly paperReasons: Readonly<Record<'infrastructure' | 'listed' | 'not-connected', string>>;
  readonly killRelay: string;
  relayKilled(pid: number): string;
  readonly restartRelay: string;
  relayBack(pid: number): string;
  readonly repeat: string;
  repeated(code: string, to: string): string;
  readonly alter: string;
  altered(code: string, to: string, offset: number): string;
  readonly forge: string;
  forged(by: string, claimed: string, to: string): string;
  readonly impersonate: string;
  impersonationRefused(by: string, claimed: string): string;
  readonly comeBack: string;
  cameBack(codes: string): string;
  readonly settle: string;
  readonly settled: string;
  readonly exporting: string;
  exported(count: number, folder: string): string;
  readonly check: string;
  checked(count: number): string;
  readonly trackTitle: string;
  readonly shareTitle: string;
  readonly quarantineTitle: string;
  readonly filesTitle: string;
  readonly silentNote: string;
  readonly columns: Readonly<
    Record<
      | 'agency'
      | 'tier'
      | 'rateElectronic'
      | 'rateAny'
      | 'rateSigned'
      | 'deliveries'
      | 'status'
      | 'at'
      | 'note'
      | 'finding'
      | 'claimedFrom'
      | 'refused'
      | 'detail',
      string
    >
  >;
  readonly tiers: Readonly<Record<'central' | 'province' | 'district' | 'commune' | 'all', string>>;
  figures(text: {
    agencies: number;
    dispatches: number;
    deliveries: number;
    receipts: string;
    quarantined: number;
    duplicates: number;
    seconds: string;
  }): string;
  readonly lookAt: string;
  readonly judgeBy: string;
  readonly goOn: string;
  readonly keeps: string;
  readonly endsWith: string;
  leftBehind(home: string): string;
  lookIntoLogs(home: string): string;
  readonly stopping: string;
  readonly stopped: string;
  deviation(figure: string, expected: string, actual: string): string;
  deviates(count: number): string;
}

export const demoEn: DemoTexts = {
  language: 'en',
  title: 'Congvan demo: four tiers on one machine, everything real but the documents',
  actBuild: 'Setting up',
  actUp: 'A commune reports; district and province pass it on to the centre',
  actDown: 'The relay is killed; a ministry writes to all, down to the communes',
  actOrdinary: 'Ordinary days',
  actAttack: 'Trouble at the broker',
  actEnd: 'Everything arrives',
  makeKeys: (count) => `certificate authority and ${count} keys`,
  keys: 'keys',
  keysMade: (count) => `certificate authority, ${count} keys with certificates`,
  startServer: 'nats-server',
  serverRuns: (version, url) => `nats-server ${version} on ${url}`,
  startSite: 'site service and directory',
  siteRuns: (agencies, sites) =>
    `site service: ${agencies} agencies in the directory, sites ${sites}`,
  startParts: 'relay and agents',
  partsRun: (relay, pid, agents, offline) =>
    `relay ${relay} (process ${pid}) and ${agents} agents run; a storm cuts off ${offline}`,
  sending: (from, to) => `${from} → ${to}`,
  sent: (code, from, to, status) => `${code}: ${from} → ${to}: ${status}`,
  waiting: (count) => `${count} kept by the broker`,
  waits: (code, from, to) => `${code}: ${from} → ${to}: kept by the broker`,
  paper: (code, from, reason) => `${code}: ${from}, on paper (${reason})`,
  paperReasons: {
    infrastructure: 'no power',
    listed: 'on the list of paper documents',
    'not-connected': 'recipient not connected',
  },
  killRelay: 'relay',
  relayKilled: (pid) => `relay killed (process ${pid}, SIGKILL); documents go on`,
  restartRelay: 'relay again',
  relayBack: (pid) => `relay started again (process ${pid}), goes on where it stopped`,
  repeat: 'the same delivery twice',
  repeated: (code, to) => `${code} for ${to} put on the bus twice`,
  alter: 'one byte changed on the way',
  altered: (code, to, offset) => `${code} for ${to}: byte ${offset} changed at the broker`,
  forge: 'signed by the wrong agency',
  forged: (by, claimed, to) => `${by} signs a document for ${to} in the name of ${claimed}`,
  impersonate: 'sending as somebody else',
  impersonationRefused: (by, claimed) => `the broker does not let ${by} send as ${claimed}`,
  comeBack: 'the coast comes back',
  cameBack: (codes) => `${codes} connected again`,
  settle: 'signed receipts and the relay’s watermarks',
  settled: 'every delivery answered, every report at the relay',
  exporting: 'files to look at',
  exported: (count, folder) => `${count} files in ${folder}`,
  check: 'figures',
  checked: (count) => `${count} figures are what the scenario gives`,
  trackTitle: 'One document',
  shareTitle: 'Share sent electronically, from the relay’s records',
  quarantineTitle: 'Quarantine',
  filesTitle: 'Look for yourself',
  silentNote: 'reported nothing',
  columns: {
    agency: 'agency',
    tier: 'tier',
    rateElectronic: 'only electronic',
    rateAny: 'electronic at all',
    rateSigned: 'signed',
    deliveries: 'deliveries',
    status: 'status',
    at: 'at',
    note: 'note',
    finding: 'finding',
    claimedFrom: 'claims to be from',
    refused: 'refused',
    detail: 'detail',
  },
  tiers: {
    central: 'central',
    province: 'province',
    district: 'district',
    commune: 'commune',
    all: 'all',
  },
  figures: ({ agencies, dispatches, deliveries, receipts, quarantined, duplicates, seconds }) =>
    `${agencies} agencies, ${dispatches} documents, ${deliveries} deliveries; receipts ${receipts}; ` +
    `${quarantined} documents quarantined, ${duplicates} copy suppressed; ${seconds} s`,
  lookAt: 'signed documents, packages and certificates',
  judgeBy: 'other programs judge them',
  goOn: 'the same home with the command',
  keeps: 'Everything keeps running: broker, relay, site service and agents. In another terminal:',
  endsWith: 'Ctrl-C stops all of it.',
  leftBehind: (home) => `'${home}' stays, to be looked at or deleted`,
  lookIntoLogs: (home) => `agents.log, relay.log and bus/nats-server.log in '${home}' say more`,
  stopping: 'stopping',
  stopped: 'stopped; nothing keeps running',
  deviation: (figure, expected, actual) => `${figure}: expected ${expected}, found ${actual}`,
  deviates: (count) => `${count} figures of the demo are wrong`,
};
