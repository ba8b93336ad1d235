import { SIGN_ON_TIMEOUT_S } from '../plan/server-config.ts';
import { MAX_CONTROL_LINE_BYTES, MAX_PAYLOAD_BYTES } from '../permission/user.ts';

export interface ServerConfig {
  readonly name: string;
  readonly port: number;
  readonly operatorJwt: string;
  readonly systemAccount: { readonly publicKey: string; readonly jwt: string };
  readonly resolverFolder: string;
  readonly storeFolder: string;
  /** Always below the free disk: a full disk stops nats-server 2.9 altogether. */
  readonly maxStoreBytes: number;
  readonly logFile: string;
}

const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** The server's configuration for one machine: loopback only, operator mode, JetStream in one folder. */
export function renderServerConfig(config: ServerConfig): string {
  const { systemAccount } = config;
  return `# Written by congvan at every start; changes are lost.
server_name: ${quote(config.name)}
listen: "127.0.0.1:${config.port}"
max_payload: ${MAX_PAYLOAD_BYTES}
max_control_line: ${MAX_CONTROL_LINE_BYTES}
ping_interval: "30s"
authorization {
  timeout: ${SIGN_ON_TIMEOUT_S}
}
log_file: ${quote(config.logFile)}
logfile_size_limit: ${MAX_LOG_BYTES}
operator: ${quote(config.operatorJwt)}
system_account: ${systemAccount.publicKey}
resolver: {
  type: full
  dir: ${quote(config.resolverFolder)}
  allow_delete: true
  interval: "2m"
}
resolver_preload: {
  ${systemAccount.publicKey}: ${quote(systemAccount.jwt)}
}
jetstream {
  store_dir: ${quote(config.storeFolder)}
  max_memory_store: 67108864
  max_file_store: ${config.maxStoreBytes}
}
`;
}

/** The server reads \`\\\\\` and \`\\"\` in quoted strings as JSON does. */
function quote(text: string): string {
  return JSON.stringify(text);
}
