import { join } from 'node:path';

import { type AgencyCode, parseAgencyCode } from '../agency/code.ts';
import type { Site } from '../agency/tier.ts';
import type { LocalOperator } from '../operator/operator.ts';
import type { BusPlan, Place } from '../plan/bus-plan.ts';
import type { SignBytes } from '../record/frame.ts';
import { type SiteOptions, type SiteService, openSite } from '../site/service.ts';
import { signWithPlaceholder } from './local-bus.ts';

/** What a killed client had taken comes again soon, so that tests need not wait half a minute. */
const TEST_BACKOFF_MS: readonly number[] = [2_000, 5_000, 30_000];

export type SiteRegistrar = Pick<
  SiteOptions,
  'registrar' | 'signRegistrar' | 'rootRegistrar' | 'verify' | 'refreshTrust'
>;

export interface PlanServiceOptions {
  readonly signRegistrar?: SignBytes;
  readonly registrar?: AgencyCode;
  /** Sites whose registrar and folder are their own, in the federated plan; the others share one. */
  readonly registrars?: Readonly<Record<Site, SiteRegistrar>>;
  readonly redeliveryBackoffMs?: readonly number[];
}

/** The site services of a plan, in this process. */
export class PlanServices {
  readonly #folder: string;
  readonly #options: PlanServiceOptions;
  readonly #operatorOf: (placeId: string) => LocalOperator;
  readonly #running = new Map<Site, { readonly place: Place; readonly service: SiteService }>();

  constructor(
    folder: string,
    options: PlanServiceOptions,
    operatorOf: (placeId: string) => LocalOperator,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#operatorOf = operatorOf;
  }

  async open({ places }: BusPlan): Promise<void> {
    for (const place of places) if (place.sites.length > 0) await this.#open(place);
  }

  of(site: Site): SiteService {
    return this.#known(site).service;
  }

  folderOf(site: Site): string {
    const own = this.#options.registrars?.[site];
    return join(this.#folder, own === undefined ? 'site' : `site-${site}`);
  }

  /** Ends the service of a site and runs another one on its folder, as it is now. */
  async reopen(site: Site, onError?: (error: Error) => void): Promise<SiteService> {
    const { place, service } = this.#known(site);
    await service.close();
    return await this.#open(place, onError);
  }

  async close(): Promise<void> {
    for (const service of new Set([...this.#running.values()].map((one) => one.service))) {
      await service.close();
    }
  }

  async #open(place: Place, onError?: (error: Error) => void): Promise<SiteService> {
    const { servers, limits, sites } = place;
    const [site = ''] = sites;
    const { registrar, signRegistrar, registrars, redeliveryBackoffMs } = this.#options;
    const service = await openSite({
      folder: this.folderOf(site),
      servers: servers.map(({ host, clientPort }) => `nats://${host}:${clientPort}`),
      operator: this.#operatorOf(place.id),
      registrar: registrar ?? parseAgencyCode('A00'),
      signRegistrar: signRegistrar ?? signWithPlaceholder,
      ...registrars?.[site],
      redeliveryBackoffMs: redeliveryBackoffMs ?? TEST_BACKOFF_MS,
      ...(limits.kind === 'site' ? { federated: { site, limits } } : {}),
      ...(limits.kind === 'flat' ? { limits } : {}),
      ...(onError === undefined ? {} : { onError }),
    });
    for (const hosted of sites) this.#running.set(hosted, { place, service });
    return service;
  }

  #known(site: Site): { readonly place: Place; readonly service: SiteService } {
    const found = this.#running.get(site);
    if (found === undefined) throw new Error(`there is no site ${site}`);
    return found;
  }
}
