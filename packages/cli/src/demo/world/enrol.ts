import { join } from 'node:path';

import { codeToToken, type LocalServer, parseAgencyCode, parseSite } from '@congvan/bus';
import { initRelay } from '@congvan/bus/relay';
import { type Enrolment, type EnrolmentOptions, openEnrolment } from '@congvan/bus/site';
import { initAgent } from '@congvan/node-agent';
import type { Authority } from '@congvan/signer';

import type { HomeLayout } from '../../home/layout.ts';
import { CAST, type CastAgency, RELAY, SITES } from '../agencies.ts';
import type { IssuedKey } from './certificates.ts';
import type { CastKeys } from './keys.ts';

export interface EnrolInput {
  readonly siteOptions: EnrolmentOptions;
  readonly server: LocalServer;
  readonly authority: Authority;
  readonly keys: CastKeys;
  readonly layout: HomeLayout;
}

/** QĐ 749/QĐ-TTg (2020) for 2025. */
const TARGETS = { central: 0.9, province: 0.9, district: 0.8, commune: 0.6 };

/**
 * Enters the cast and the relay in the directory and makes the folder of each. It works on files alone:
 * the site service then prepares the broker once for all of them.
 */
export async function enrolCast(input: EnrolInput): Promise<void> {
  const enrolment = await openEnrolment(input.siteOptions);
  const relayCredentials = await enrolRelay(enrolment, input.keys);
  const enrolled: [CastAgency, Uint8Array][] = [];
  for (const agency of CAST) {
    enrolled.push([agency, await enrolAgency(enrolment, input.keys, agency)]);
  }
  const trust = trustOf(input.authority);
  const { keys, layout, server } = input;
  await Promise.all([
    initRelay({
      home: layout.relay,
      config: {
        code: parseAgencyCode(RELAY.code),
        name: RELAY.name,
        site: parseSite(RELAY.site),
        sites: SITES.map(parseSite),
        servers: [server.url],
        targets: { [new Date().getUTCFullYear()]: TARGETS },
      },
      nodeP12: keys.relay.p12,
      credentials: relayCredentials,
      trust,
      registrarCertificate: keys.registrar.certificate.der,
    }),
    ...enrolled.map(async ([agency, credentials]) => {
      const { node, seal, encryption } = keys.agency(agency.code);
      await initAgent({
        home: join(layout.agents, codeToToken(parseAgencyCode(agency.code))),
        config: {
          code: agency.code,
          name: agency.name,
          tier: agency.tier,
          site: agency.site,
          servers: [server.url],
          relay: RELAY.code,
          notation: `${agency.symbol}-${agency.unit}`,
        },
        nodeP12: node.p12,
        sealP12: seal.p12,
        encryptionP12: encryption.p12,
        credentials,
        trust,
        registrarCertificate: keys.registrar.certificate.der,
      });
    }),
  ]);
}

async function enrolRelay(enrolment: Enrolment, keys: CastKeys): Promise<Uint8Array> {
  const { credentials } = await enrolment.addRelay({
    code: parseAgencyCode(RELAY.code),
    name: RELAY.name,
    tier: 'central',
    parent: null,
    site: parseSite(RELAY.site),
    certificates: [listed('node', keys.relay)],
  });
  return credentials;
}

async function enrolAgency(
  enrolment: Enrolment,
  keys: CastKeys,
  agency: CastAgency,
): Promise<Uint8Array> {
  const { node, seal, encryption } = keys.agency(agency.code);
  const { credentials } = await enrolment.addAgency({
    code: parseAgencyCode(agency.code),
    name: agency.name,
    tier: agency.tier,
    parent: agency.parent === null ? null : parseAgencyCode(agency.parent),
    site: parseSite(agency.site),
    certificates: [listed('node', node), listed('seal', seal), listed('encryption', encryption)],
  });
  return credentials;
}

function listed(use: 'node' | 'seal' | 'encryption', { certificate }: IssuedKey) {
  const { sha256, der } = certificate;
  return { use, sha256, der: Buffer.from(der).toString('base64') };
}

function trustOf(authority: Authority) {
  return {
    anchors: [authority.rootCertificate.der],
    intermediates: [authority.issuingCertificate.der],
    crls: [authority.rootCrl(), authority.crl()],
  };
}
