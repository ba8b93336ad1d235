import { stringify } from 'yaml';

import type { BusPlan, Place, PlanServer } from './bus-plan.ts';
import { LAME_DUCK_S } from './server-config.ts';

const STOP_GRACE_S = LAME_DUCK_S + 180;

/**
 * A compose file for the servers of one place, for where containers run instead of systemd units.
 * Each service belongs on its own machine; the host's network keeps names and ports as planned.
 */
export function renderCompose(plan: BusPlan, place: Place): string {
  const services = Object.fromEntries(
    place.servers.map((server) => [server.name, service(plan, server)]),
  );
  const note =
    '# Written by "congvan bus plan". Start one service on each machine: docker compose up -d NAME\n';
  return `${note}${stringify({ services }, { lineWidth: 0 })}`;
}

function service(plan: BusPlan, server: PlanServer): Record<string, unknown> {
  return {
    image: `nats:${plan.serverVersion}`,
    command: ['-c', `${plan.configFolder}/nats-server.conf`],
    network_mode: 'host',
    restart: 'unless-stopped',
    stop_signal: 'SIGUSR2',
    stop_grace_period: `${STOP_GRACE_S}s`,
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    ulimits: { nofile: { soft: 200_000, hard: 200_000 } },
    volumes: [
      `${plan.configFolder}:${plan.configFolder}:ro`,
      `${server.dataFolder}:${server.dataFolder}`,
    ],
    logging: { driver: 'json-file', options: { 'max-size': '64m', 'max-file': '4' } },
  };
}
