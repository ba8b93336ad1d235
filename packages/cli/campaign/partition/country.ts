import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type AgencyCode, type Site, codeToToken, parseAgencyCode } from '@congvan/bus';
import { type TestPlan, startPlan } from '@congvan/bus/testing';

import { openOffices } from '../../rig/offices.ts';
import type { RelayWitness, Witness } from './checker.ts';
import { Child, type ChildMessage } from './child.ts';

const OFFICE = fileURLToPath(new URL('office-process.ts', import.meta.url));
const RELAY = fileURLToPath(new URL('relay-process.ts', import.meta.url));

export const PROVINCE: Site = 'H09';
export const CENTRE: Site = 'TW';
const NATIONAL_RELAY = parseAgencyCode('W01');
const PROVINCIAL_RELAY = parseAgencyCode('H09.99');
const AGENCIES = [
  { code: 'H09', site: PROVINCE, tier: 'province' },
  { code: 'H09.12', site: PROVINCE, tier: 'district' },
  { code: 'H09.12.034', site: PROVINCE, tier: 'commune' },
  { code: 'H09.12.035', site: PROVINCE, tier: 'commune' },
  { code: 'G09', site: CENTRE, tier: 'central' },
  { code: 'G12', site: CENTRE, tier: 'central' },
] as const;

export interface OfficeHandle extends Witness {
  readonly site: Site;
  readonly child: Child;
}

export interface RelayHandle extends RelayWitness {
  readonly child: Child;
}

/** A federated bus of real servers, and the processes of its agencies and relays. */
export interface Country extends AsyncDisposable {
  readonly folder: string;
  readonly plan: TestPlan;
  readonly offices: readonly OfficeHandle[];
  readonly relays: readonly RelayHandle[];
}

/** Three servers at the centre, a leaf server for each of two sites, six agencies, two relays. */
export async function foundCountry(on: {
  readonly message: (office: string, message: ChildMessage) => void;
  readonly failure: (error: Error) => void;
  /** Leaves the folders of agencies and relays where they are, to look into them. */
  readonly keep?: boolean;
}): Promise<Country> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'congvan-campaign-'));
  started.defer(async () => {
    if (on.keep !== true) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const rig = await openOffices();
  const plan = started.use(
    await startPlan({
      plan: 'federated',
      sites: [PROVINCE, CENTRE],
      relays: [{ code: NATIONAL_RELAY, site: CENTRE }],
      signRegistrar: rig.signRegistrar,
    }),
  );
  const homeOf = (code: string): string => join(folder, code.replaceAll('.', '-'));
  await mkdir(join(folder, 'ledgers'));
  const offices: OfficeHandle[] = [];
  for (const { code: text, site, tier } of AGENCIES) {
    const code = parseAgencyCode(text);
    const home = homeOf(code);
    const ledger = join(folder, 'ledgers', `${codeToToken(code)}.jsonl`);
    await rig.addAgency(
      { code, site, tier, home, relay: NATIONAL_RELAY },
      { url: plan.url(site), enter: plan.addAgency },
    );
    const child = new Child(`agent ${code}`, OFFICE, [home, ledger], {
      message: (message) => on.message(code, message),
      failure: on.failure,
    });
    offices.push({ code, site, home, ledger, child: started.use(child) });
  }
  const relays: RelayHandle[] = [];
  for (const { code, site, sees, reads } of [
    { code: NATIONAL_RELAY, site: CENTRE, sees: [PROVINCE, CENTRE], reads: 'all' as const },
    { code: PROVINCIAL_RELAY, site: PROVINCE, sees: [PROVINCE], reads: 'site' as const },
  ]) {
    const home = homeOf(code);
    await rig.addRelay(
      {
        code,
        site,
        home,
        ...(reads === 'all' ? { central: await openCentre(plan, code) } : { sites: sees }),
      },
      { url: plan.url(site), enter: plan.addRelay },
    );
    const child = new Child(`relay ${code}`, RELAY, [home], { failure: on.failure });
    const agencies = offices.filter((office) => sees.includes(office.site)).map((one) => one.code);
    relays.push({ code, home, agencies, child: started.use(child) });
  }
  const running = started.move();
  return {
    folder,
    plan,
    offices,
    relays,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

/** What `congvan bus plan` gives a relay that reads at the centre. */
async function openCentre(plan: TestPlan, code: AgencyCode) {
  return {
    servers: plan.central.map(({ url }) => url),
    credentials: await plan
      .operator('central')
      .relayCredentials({ code, site: CENTRE, expiresAt: null, now: new Date() }),
  };
}
