import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { initRelay } from '@congvan/bus/relay';
import { writePkcs12 } from '@congvan/signer';

import { layoutOf } from '../../src/index.ts';
import { PASSPHRASE } from './passphrase.ts';
import { type Office, TEST_ITERATIONS, type Town } from './town.ts';

/** Makes the folder of the town's relay, with the registrar that `office` trusts. @returns its path. */
export async function makeRelayHome(town: Town, office: Office): Promise<string> {
  const { node, credentials, code } = town.relay;
  const home = join(town.folder, 'relay');
  await initRelay({
    home,
    config: { code, name: 'Trung tâm', site: 'TW', servers: [town.bus.url] },
    nodeP12: writePkcs12({
      privateKey: node.keys.privateKey,
      certificate: node.certificate,
      chain: node.chain,
      friendlyName: 'relay',
      passphrase: PASSPHRASE,
      iterations: TEST_ITERATIONS,
    }),
    credentials,
    trust: {
      anchors: [town.pki.root.der],
      intermediates: [town.pki.issuing.der],
      crls: [town.pki.rootCrl().der, town.pki.crl().der],
    },
    registrarCertificate: await readFile(layoutOf(office.home).registrarCertificate),
  });
  return home;
}
