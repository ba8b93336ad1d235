import type { AgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import type { LocalOperator } from '../operator/operator.ts';
import { leafPermissions } from '../permission/leaf.ts';
import { centrePermissions } from '../permission/site.ts';
import { SERVICE_FILE, exportSiteKeys } from '../operator/site-folder.ts';
import { CENTRAL_DOMAIN } from '../stream/names.ts';
import {
  type BusPlan,
  type Place,
  type PlanRelay,
  type PlanServer,
  placeOfSite,
} from './bus-plan.ts';
import { CENTRE_CREDENTIALS_FILE, CENTRE_PLAN_FILE, encodeCentrePlan } from './centre-plan.ts';
import { renderCompose } from './compose.ts';
import { placeAccounts } from './place-accounts.ts';
import { renderPlaceConfig } from './place-config.ts';
import { SITE_PLAN_FILE, encodeSitePlan } from './site-plan.ts';
import { renderCentreUnit, renderRelayUnit, renderServerUnit, renderSiteUnit } from './systemd.ts';

/** The folder of the site service's keys in a plan. */
const serviceFolder = (site: Site): string => `sites/${site}/home/bus/operator`;

/** Credentials of a site service, relative to the plan's folder. */
export function serviceFile(site: Site): string {
  return `${serviceFolder(site)}/${SERVICE_FILE}`;
}

/** Credentials by which a site's server comes to the centre. */
export function leafFile(server: string): string {
  return `servers/${server}/leaf.creds`;
}

/** @param centre - the operator at the centre: the line is a user there. */
export async function mintLeafCredentials(
  centre: LocalOperator,
  site: Site,
  now: Date,
): Promise<Uint8Array> {
  return await centre.mint({
    account: 'STORE',
    name: `leaf ${site}`,
    permissions: leafPermissions(site),
    expiresAt: null,
    now,
  });
}

/** The credentials of a relay, each with the place that lets it in. */
export function relayFiles(
  plan: BusPlan,
  { code, site, reads }: PlanRelay,
): { readonly path: string; readonly placeId: string }[] {
  const folder = relayFolder(code);
  const own = placeOfSite(plan, site);
  return [
    ...(own === undefined ? [] : [{ path: `${folder}/relay.creds`, placeId: own.id }]),
    ...(plan.kind === 'federated' && reads === 'all'
      ? [{ path: `${folder}/central.creds`, placeId: CENTRAL_DOMAIN }]
      : []),
  ];
}

const relayFolder = (code: AgencyCode): string => `relays/${code.replaceAll('.', '-')}`;

/** One file of a plan's folder. */
export interface PlanFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly secret: boolean;
  /** A text follows from the description and is written anew; a key is made once and kept. */
  readonly content: string | (() => Promise<Uint8Array>);
}

/**
 * Every file that follows from a plan, one folder for each machine:
 *
 * - `servers/<name>/`: configuration, unit, and for a site's server its line to the centre
 * - `sites/<site>/`: the unit of the site service, and `home/` for its home, with the site's own keys only
 * - `centre/`: the same for the service at the centre of a federated plan
 * - `relays/<code>/`: the unit of a relay, its credentials at its site, and those at the centre
 * - `<place>/compose.yaml`: the same servers for containers
 *
 * The operators' keys stay behind in `keys/`.
 */
export async function planFiles(
  plan: BusPlan,
  operatorOf: (placeId: string) => LocalOperator,
  now: Date,
): Promise<PlanFile[]> {
  const files: PlanFile[] = [];
  for (const place of plan.places) {
    files.push(...(await serverFiles(plan, place, operatorOf, now)));
    files.push(text(`compose/${place.id}.yaml`, renderCompose(plan, place)));
    for (const site of place.sites) {
      files.push(text(`sites/${site}/congvan-site.service`, renderSiteUnit(plan, site)));
      const sitePlan = encodeSitePlan(plan, place, site);
      if (sitePlan !== undefined) {
        files.push(text(`sites/${site}/home/bus/${SITE_PLAN_FILE}`, sitePlan));
      }
      const { service } = await exportSiteKeys(operatorOf(place.id), site, now);
      for (const { name, content } of service) {
        files.push({
          path: `${serviceFolder(site)}/${name}`,
          secret: true,
          content: async () => content,
        });
      }
    }
  }
  files.push(...centreFiles(plan, operatorOf, now));
  for (const relay of plan.relays) files.push(...filesOfRelay(plan, relay, operatorOf, now));
  return files;
}

/** The service at the centre of a federated plan: its unit, and its home with its own rights only. */
function centreFiles(
  plan: BusPlan,
  operatorOf: (placeId: string) => LocalOperator,
  now: Date,
): PlanFile[] {
  const place = plan.places.find(({ limits }) => limits.kind === 'centre');
  if (place === undefined) return [];
  return [
    text('centre/congvan-centre.service', renderCentreUnit(plan)),
    text(`centre/home/bus/${CENTRE_PLAN_FILE}`, encodeCentrePlan(plan, place)),
    {
      path: `centre/home/bus/operator/${CENTRE_CREDENTIALS_FILE}`,
      secret: true,
      content: async () =>
        await operatorOf(place.id).mint({
          account: 'STORE',
          name: 'centre',
          permissions: centrePermissions(),
          expiresAt: null,
          now,
        }),
    },
  ];
}

/** A relay's rights at the place of its own site, and at the centre where it reads there. */
function filesOfRelay(
  plan: BusPlan,
  relay: PlanRelay,
  operatorOf: (placeId: string) => LocalOperator,
  now: Date,
): PlanFile[] {
  const { code, site } = relay;
  return [
    text(`${relayFolder(code)}/congvan-relay.service`, renderRelayUnit(plan, code)),
    ...relayFiles(plan, relay).map(({ path, placeId }) => ({
      path,
      secret: true,
      content: async () =>
        await operatorOf(placeId).relayCredentials({ code, site, expiresAt: null, now }),
    })),
  ];
}

async function serverFiles(
  plan: BusPlan,
  place: Place,
  operatorOf: (placeId: string) => LocalOperator,
  now: Date,
): Promise<PlanFile[]> {
  const files = await serverConfigs(plan, place, operatorOf(place.id));
  const [site] = place.sites;
  for (const server of place.servers) {
    const unit = renderServerUnit(plan, place, server);
    files.push(text(`${serverFolder(server)}/congvan-nats.service`, unit));
    if (place.hubs.length === 0 || site === undefined) continue;
    const leaf = async (): Promise<Uint8Array> =>
      await mintLeafCredentials(operatorOf(CENTRAL_DOMAIN), site, now);
    files.push({ path: leafFile(server.name), secret: true, content: leaf });
  }
  return files;
}

const serverFolder = ({ name }: PlanServer): string => `servers/${name}`;

/** The configuration of each server of a place, with the accounts as they are now: it is all that an empty server knows. */
export async function serverConfigs(
  plan: BusPlan,
  place: Place,
  operator: LocalOperator,
): Promise<PlanFile[]> {
  const accounts = await placeAccounts(operator);
  return place.servers.map((server) => ({
    path: `${serverFolder(server)}/nats-server.conf`,
    secret: true,
    content: renderPlaceConfig(plan, place, server, accounts),
  }));
}

function text(path: string, content: string): PlanFile {
  return { path, secret: false, content };
}
