import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSignatureVerifier } from '@congvan/signer';
import { createTestPki } from '@congvan/signer/testing';
import { expect, it } from 'vitest';

import { connectAgency } from '../../src/broker/agency-connection.ts';
import { type Site, type Tier, parseAgencyCode } from '../../src/index.ts';
import { centralRelayConsumers } from '../../src/plan/apply.ts';
import { initRelay, openRelay } from '../../src/relay/index.ts';
import { startPlan, waitUntil } from '../../src/testing/index.ts';
import { type Reporter, listed, signWith, startReporter } from './relay-bus.ts';
import { dispatch, electronic, receipt } from './relay-database.ts';

const RELAY = parseAgencyCode('W01');
const ARRIVAL_MS = 30_000;
const VALID_FROM = '2020-01-01T00:00:00.000Z';

/** A country of two sites with a PKI, and a relay of the centre that is not running yet. */
async function startCountry() {
  const pki = await createTestPki();
  const registrar = await pki.issue({ commonName: 'Cơ quan đăng ký', use: 'registrar' });
  const relaySigner = await pki.issue({ commonName: 'Trung tâm đối soát', use: 'node' });
  const bus = await startPlan({
    plan: 'federated',
    sites: ['TW', 'H09'],
    centralServers: 1,
    signRegistrar: signWith(registrar),
  });
  const folder = await mkdtemp(join(tmpdir(), 'congvan-relay-home-'));
  const home = join(folder, 'relay');
  const place = { code: RELAY, site: 'TW' };
  const { credentials, entry } = await bus.addRelay({
    ...place,
    tier: 'central',
    certificates: [listed(relaySigner)],
  });
  const central = await bus.admin('central');
  await central.ensureConsumers(centralRelayConsumers([{ ...place, reads: 'all' }]));
  await initRelay({
    home,
    config: {
      ...place,
      name: 'Trung tâm đối soát',
      servers: [bus.url('TW')],
      central: { servers: bus.central.map(({ url }) => url) },
    },
    nodeP12: new TextEncoder().encode('not opened: the tests give `sign`'),
    credentials,
    centralCredentials: await bus
      .operator('central')
      .relayCredentials({ ...place, expiresAt: null, now: new Date() }),
    trust: {
      anchors: [pki.root.der],
      intermediates: [pki.issuing.der],
      crls: [pki.rootCrl().der, pki.crl().der],
    },
    registrarCertificate: registrar.certificate.der,
  });
  const verify = createSignatureVerifier(() => pki.trust());
  const addReporter = async (text: string, tier: Tier, site: Site): Promise<Reporter> => {
    const signer = await pki.issue({ commonName: `Nút ${text}`, use: 'node' });
    const code = parseAgencyCode(text);
    const added = await bus.addAgency({
      code,
      tier,
      site,
      validFrom: VALID_FROM,
      certificates: [listed(signer)],
    });
    const connection = await connectAgency({
      servers: bus.urls(site),
      credentials: added.credentials,
      name: 'test',
      code,
      site,
    });
    return startReporter({ code, tier, site, signer, connection, verify, relayEntry: entry });
  };
  return {
    bus,
    home,
    addReporter,
    openRelay: (wait?: AbortSignal) =>
      openRelay({
        home,
        sign: signWith(relaySigner),
        ...(wait === undefined ? {} : { waitForBroker: wait }),
      }),
    stop: async () => {
      await bus.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

it('counts at the centre what every site reports, and its answers reach them all', async () => {
  const country = await startCountry();
  try {
    await using commune = await country.addReporter('H09.12.034', 'commune', 'H09');
    await using ministry = await country.addReporter('G12', 'central', 'TW');
    await using relay = await country.openRelay();
    await commune.report(dispatch(1, [electronic('G12')]));
    await ministry.report(receipt('H09.12.034', 1, '01'));

    await waitUntil(() => relay.counts().receipts['01'] === 1, ARRIVAL_MS);
    expect(relay.counts()).toMatchObject({ reports: 2, rejected: 0 });
    expect(relay.status().sites).toEqual(['H09', 'TW']);
    await waitUntil(() => commune.watermarks.at(-1)?.upTo === 1, ARRIVAL_MS);
    await waitUntil(() => ministry.watermarks.at(-1)?.upTo === 1, ARRIVAL_MS);

    country.bus.cutLink('H09');
    await commune.report(dispatch(2, [electronic('G12')]));
    country.bus.healLink('H09');
    await waitUntil(() => commune.watermarks.at(-1)?.upTo === 2, ARRIVAL_MS);
    expect(relay.counts()).toMatchObject({ reports: 3, rejected: 0, contradictions: 0 });
  } finally {
    await country.stop();
  }
});

it('says which of its two brokers is away', async () => {
  const country = await startCountry();
  try {
    await using relay = await country.openRelay();
    expect(relay.status()).toMatchObject({
      broker: 'connected',
      lines: [{ trouble: undefined }, { trouble: undefined }],
    });
    await Promise.all(country.bus.central.map(async (server) => await server.kill()));
    await waitUntil(() => relay.status().broker === 'disconnected', ARRIVAL_MS);
    const [own, centre] = relay.status().lines;
    expect(own?.trouble).toBeUndefined();
    expect(centre?.trouble).toMatchObject({ kind: 'unreachable' });
    expect(centre?.servers).toEqual(country.bus.central.map(({ url }) => url));
  } finally {
    await country.stop();
  }
});

it('waits at its start for a broker that is not there yet, until it is told to stop', async () => {
  const country = await startCountry();
  try {
    const server = country.bus.sites['TW'];
    if (server === undefined) throw new Error('no server of TW');
    await server.kill();
    await expect(country.openRelay()).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });
    const stop = new AbortController();
    const given = country.openRelay(stop.signal);
    stop.abort();
    await expect(given).rejects.toMatchObject({ code: 'BUS_CONNECT_FAILED' });

    const opening = country.openRelay(new AbortController().signal);
    await server.restart();
    await using relay = await opening;
    expect(relay.status().broker).toBe('connected');
  } finally {
    await country.stop();
  }
});
