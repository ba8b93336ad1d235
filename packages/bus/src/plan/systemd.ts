import type { BusPlan, Place, PlanServer } from './bus-plan.ts';
import { LAME_DUCK_S } from './server-config.ts';

/** A server that leaves gives its clients the lame-duck time, and then writes what it holds. */
const STOP_TIMEOUT_S = LAME_DUCK_S + 180;

/** What every unit has: nothing of the machine but its own folders. */
const HARDENING = [
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'ProtectControlGroups=yes',
  'ProtectProc=invisible',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'RemoveIPC=yes',
  'CapabilityBoundingSet=',
  'AmbientCapabilities=',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
  'UMask=0077',
];

/** The unit of a nats-server. */
export function renderServerUnit(plan: BusPlan, place: Place, server: PlanServer): string {
  const config = `${plan.configFolder}/nats-server.conf`;
  return unit({
    description: `NATS server ${server.name} of the bus "${plan.name}" (${place.id})`,
    service: [
      'Type=simple',
      'User=nats',
      'Group=nats',
      `ExecStartPre=/usr/bin/env nats-server -t -c ${config}`,
      `ExecStart=/usr/bin/env nats-server -c ${config}`,
      'ExecReload=/bin/kill -HUP $MAINPID',
      // Lame duck: clients are asked to go before the server does.
      'ExecStop=/bin/kill -USR2 $MAINPID',
      `TimeoutStopSec=${STOP_TIMEOUT_S}`,
      'Restart=always',
      'RestartSec=2',
      'LimitNOFILE=200000',
      'OOMScoreAdjust=-500',
      `ReadWritePaths=${server.dataFolder}`,
      `ReadOnlyPaths=${plan.configFolder}`,
    ],
  });
}

/** The unit of a site service, which also needs no right that it does not use. */
export function renderSiteUnit(plan: BusPlan, site: string): string {
  const description = `site service of ${site}, bus "${plan.name}"`;
  if (plan.kind === 'flat') return congvanUnit(description, 'site run');
  return unitWithTls(plan, description, { command: 'site run', key: 'site-tls.p12' });
}

export function renderRelayUnit(plan: BusPlan, code: string): string {
  return congvanUnit(`relay ${code} of the bus "${plan.name}"`, 'relay run');
}

/** Its home holds no authority, so with TLS a certificate of its own is handed to it. */
export function renderCentreUnit(plan: BusPlan): string {
  const description = `service at the centre, bus "${plan.name}"`;
  return unitWithTls(plan, description, { command: 'centre run', key: 'centre-tls.p12' });
}

/**
 * For servers whose certificates another authority issued than that of the home. systemd hands over
 * both files, since the folder with the server's own key is closed to the service.
 */
function unitWithTls(
  { tls, configFolder }: BusPlan,
  description: string,
  { command, key }: { readonly command: string; readonly key: string },
): string {
  if (tls === null) return congvanUnit(description, command);
  const folder = '${CREDENTIALS_DIRECTORY}';
  return congvanUnit(
    description,
    `${command} --tls-ca ${folder}/ca.pem --tls-p12 ${folder}/tls.p12`,
    [`LoadCredential=ca.pem:${tls.ca}`, `LoadCredential=tls.p12:${configFolder}/${key}`],
  );
}

function congvanUnit(description: string, command: string, more: readonly string[] = []): string {
  return unit({
    description,
    service: [
      'Type=simple',
      'User=congvan',
      'Group=congvan',
      'Environment=CONGVAN_HOME=/var/lib/congvan/home',
      'LoadCredential=passphrase:/etc/congvan/passphrase',
      ...more,
      `ExecStart=/usr/bin/env congvan ${command} --passphrase-file \${CREDENTIALS_DIRECTORY}/passphrase`,
      'TimeoutStopSec=200',
      'Restart=always',
      'RestartSec=5',
      'LimitNOFILE=65536',
      'ReadWritePaths=/var/lib/congvan/home',
    ],
  });
}

function unit(parts: { description: string; service: readonly string[] }): string {
  return [
    '# Written by "congvan bus plan"; changes belong into a drop-in (systemctl edit).',
    '[Unit]',
    `Description=${parts.description}`,
    'Wants=network-online.target',
    'After=network-online.target time-sync.target',
    // Without end: a server that is away for a night comes back in the morning.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    ...parts.service,
    ...HARDENING,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}
