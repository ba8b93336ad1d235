import { MAX_CONTROL_LINE_BYTES, MAX_PAYLOAD_BYTES } from '../permission/user.ts';

/** Certificate files as they stand on the server itself. */
export interface ServerTlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface AccountText {
  readonly publicKey: string;
  readonly jwt: string;
}

/** Everything that one nats-server of a plan is told. */
export interface ServerConfig {
  readonly name: string;
  /** The address that it listens on; its name for others stands in `advertise` and the routes. */
  readonly listenHost: string;
  readonly clientPort: number;
  /** Monitoring listens on the loopback address alone: it shows names and subjects to everybody. */
  readonly monitorPort: number;
  readonly operatorJwt: string;
  readonly systemAccount: string;
  /** Known from the first start, before anything is in the resolver's folder. */
  readonly accounts: readonly AccountText[];
  readonly resolverFolder: string;
  readonly storeFolder: string;
  readonly domain: string | null;
  /** Always below the disk: a full disk stops nats-server 2.9 altogether. */
  readonly maxStoreBytes: number;
  /** fsync at each write. Known to 2.10 and later; 2.9 refuses the line. */
  readonly syncAlways: boolean;
  readonly cluster: ClusterConfig | null;
  /** Where leaf servers connect to: the centre of a federated plan. */
  readonly leafHub: LeafHubConfig | null;
  /** The connection of a site to the centre. */
  readonly leafRemote: LeafRemoteConfig | null;
  /** `null` on one machine only. */
  readonly tls: ServerTlsFiles | null;
  /** `null`: standard error, which systemd keeps. */
  readonly logFile: string | null;
  readonly pidFile: string | null;
}

export interface ClusterConfig {
  readonly name: string;
  readonly port: number;
  /** `host:port` of every server of the cluster. */
  readonly routes: readonly string[];
}

export interface LeafHubConfig {
  readonly port: number;
  /**
   * `host:port` that leaf servers hear of; `null` tells them nothing, so that they stay on the
   * addresses they were given (a hub of 2.15 then loses leaf servers of 2.9).
   */
  readonly advertise: string | null;
}

export interface LeafRemoteConfig {
  /** `host:port` of every server of the centre. */
  readonly hubs: readonly string[];
  /** The local account that the connection belongs to. */
  readonly account: string;
  readonly credentialsFile: string;
}

/** What the leaf connection of a site must never carry by itself: only sources and requests cross it. */
const LEAF_DENY = ['vb.>'];
const MAX_LOG_BYTES = 64 * 1024 * 1024;
const MEMORY_STORE_BYTES = 64 * 1024 * 1024;
/** Clients get this long to move over before the server goes. */
export const LAME_DUCK_S = 60;
/**
 * To shake hands, and to sign on in all. After a power cut thousands return at once, and a server's own
 * two seconds turn most of them away to try again, which costs it a handshake more each time.
 */
const HANDSHAKE_TIMEOUT_S = 10;
export const SIGN_ON_TIMEOUT_S = 15;

/** The configuration file of one nats-server, from 2.9.10 on; the same text for the same values. */
export function renderServerConfig(config: ServerConfig): string {
  const { listenHost } = config;
  const blocks = [
    `# Written by "congvan bus plan" from the description of the bus; changes here are lost.`,
    `server_name: ${quote(config.name)}`,
    `listen: ${quote(`${listenHost}:${config.clientPort}`)}`,
    `http: ${quote(`127.0.0.1:${config.monitorPort}`)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    `max_control_line: ${MAX_CONTROL_LINE_BYTES}`,
    `ping_interval: "30s"`,
    `ping_max: 2`,
    `write_deadline: "10s"`,
    block('authorization', [`timeout: ${SIGN_ON_TIMEOUT_S}`]),
    `lame_duck_duration: "${LAME_DUCK_S}s"`,
    ...(config.logFile === null
      ? []
      : [`log_file: ${quote(config.logFile)}`, `logfile_size_limit: ${MAX_LOG_BYTES}`]),
    ...(config.pidFile === null ? [] : [`pid_file: ${quote(config.pidFile)}`]),
    ...(config.tls === null
      ? []
      : [tlsBlock(config.tls, 0, ['verify: true', `timeout: ${HANDSHAKE_TIMEOUT_S}`])]),
    `operator: ${quote(config.operatorJwt)}`,
    `system_account: ${config.systemAccount}`,
    block('resolver:', [
      'type: full',
      `dir: ${quote(config.resolverFolder)}`,
      'allow_delete: true',
      'interval: "2m"',
    ]),
    block(
      'resolver_preload:',
      config.accounts.map(({ publicKey, jwt }) => `${publicKey}: ${quote(jwt)}`),
    ),
    block('jetstream', [
      `store_dir: ${quote(config.storeFolder)}`,
      ...(config.domain === null ? [] : [`domain: ${quote(config.domain)}`]),
      `max_memory_store: ${MEMORY_STORE_BYTES}`,
      `max_file_store: ${config.maxStoreBytes}`,
      ...(config.syncAlways ? ['sync_interval: always'] : []),
    ]),
    ...(config.cluster === null ? [] : [clusterBlock(config, config.cluster)]),
    ...(config.leafHub === null ? [] : [hubBlock(config, config.leafHub)]),
    ...(config.leafRemote === null ? [] : [remoteBlock(config, config.leafRemote)]),
  ];
  return `${blocks.join('\n')}\n`;
}

function clusterBlock({ listenHost, tls }: ServerConfig, cluster: ClusterConfig): string {
  return block('cluster', [
    `name: ${quote(cluster.name)}`,
    `listen: ${quote(`${listenHost}:${cluster.port}`)}`,
    `routes: [${cluster.routes.map((route) => quote(`nats://${route}`)).join(', ')}]`,
    'connect_retries: 120',
    // Any certificate of the same authority must not do: only those of the hosts in `routes`.
    ...(tls === null ? [] : [tlsBlock(tls, 1, ['verify_cert_and_check_known_urls: true'])]),
  ]);
}

function hubBlock({ listenHost, tls }: ServerConfig, hub: LeafHubConfig): string {
  return block('leafnodes', [
    `listen: ${quote(`${listenHost}:${hub.port}`)}`,
    hub.advertise === null ? 'no_advertise: true' : `advertise: ${quote(hub.advertise)}`,
    ...(tls === null
      ? []
      : [tlsBlock(tls, 1, ['verify: true', `timeout: ${HANDSHAKE_TIMEOUT_S}`])]),
  ]);
}

function remoteBlock({ tls }: ServerConfig, remote: LeafRemoteConfig): string {
  const scheme = tls === null ? 'nats-leaf' : 'tls';
  const deny = LEAF_DENY.map(quote).join(', ');
  const lines = [
    `urls: [${remote.hubs.map((hub) => quote(`${scheme}://${hub}`)).join(', ')}]`,
    `account: ${quote(remote.account)}`,
    `credentials: ${quote(remote.credentialsFile)}`,
    `deny_imports: [${deny}]`,
    `deny_exports: [${deny}]`,
    ...(tls === null ? [] : [tlsBlock(tls, 3, [])]),
  ];
  const body = lines.map((line) => `      ${line}`).join('\n');
  return `leafnodes {\n  remotes: [\n    {\n${body}\n    }\n  ]\n}`;
}

function tlsBlock(tls: ServerTlsFiles, depth: number, extra: readonly string[]): string {
  const pad = '  '.repeat(depth);
  const lines = [
    `ca_file: ${quote(tls.ca)}`,
    `cert_file: ${quote(tls.cert)}`,
    `key_file: ${quote(tls.key)}`,
    ...extra,
  ];
  return `tls {\n${lines.map((line) => `${pad}  ${line}`).join('\n')}\n${pad}}`;
}

function block(title: string, lines: readonly string[]): string {
  return `${title} {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

/** The server reads `\\` and `\"` in quoted strings as JSON does. */
function quote(text: string): string {
  return JSON.stringify(text);
}
