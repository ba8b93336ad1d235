import { compareVersions } from '../local-server/find.ts';
import type { BusPlan, Place, PlanServer } from './bus-plan.ts';
import { type AccountText, type ServerConfig, renderServerConfig } from './server-config.ts';

/** From this release on `sync_interval: always` is known; 2.9 refuses to start with it. */
const FIRST_VERSION_WITH_SYNC = '2.10.0';

/** What the keys of a place say about it; public, all of it. */
export interface PlaceAccounts {
  readonly operatorJwt: string;
  readonly systemAccount: string;
  readonly storeAccount: string;
  readonly accounts: readonly AccountText[];
}

/** Where things stand on the server. */
export interface ServerPaths {
  readonly resolverFolder: string;
  readonly storeFolder: string;
  readonly leafCredentials: string;
  readonly logFile: string | null;
  readonly pidFile: string | null;
}

/** The places of files on a real server: configuration below `config`, data below the server's own folder. */
function pathsOnServer(plan: BusPlan, server: PlanServer): ServerPaths {
  return {
    resolverFolder: `${server.dataFolder}/jwt`,
    storeFolder: `${server.dataFolder}/jetstream`,
    leafCredentials: `${plan.configFolder}/leaf.creds`,
    logFile: null,
    pidFile: null,
  };
}

/** The whole configuration of one server of a plan. */
export function renderPlaceConfig(
  plan: BusPlan,
  place: Place,
  server: PlanServer,
  accounts: PlaceAccounts,
  paths: ServerPaths = pathsOnServer(plan, server),
): string {
  const clustered = place.servers.length > 1;
  const config: ServerConfig = {
    name: server.name,
    listenHost: server.listenHost,
    clientPort: server.clientPort,
    monitorPort: server.monitorPort,
    operatorJwt: accounts.operatorJwt,
    systemAccount: accounts.systemAccount,
    accounts: accounts.accounts,
    resolverFolder: paths.resolverFolder,
    storeFolder: paths.storeFolder,
    domain: place.domain,
    maxStoreBytes: server.storeBytes,
    syncAlways:
      plan.sync === 'always' && compareVersions(plan.serverVersion, FIRST_VERSION_WITH_SYNC) >= 0,
    cluster: clustered
      ? {
          name: `${plan.name}-${place.id}`,
          port: server.clusterPort,
          routes: place.servers.map(({ host, clusterPort }) => `${host}:${clusterPort}`),
        }
      : null,
    leafHub:
      place.leafHub === 'none'
        ? null
        : {
            port: server.leafPort,
            advertise: place.leafHub === 'advertised' ? `${server.host}:${server.leafPort}` : null,
          },
    leafRemote:
      place.hubs.length === 0
        ? null
        : {
            hubs: place.hubs,
            account: accounts.storeAccount,
            credentialsFile: paths.leafCredentials,
          },
    tls: plan.tls,
    logFile: paths.logFile,
    pidFile: paths.pidFile,
  };
  return renderServerConfig(config);
}
