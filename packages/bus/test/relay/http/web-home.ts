import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAgencyCode, parseSite } from '../../../src/index.ts';
import type { PasswordCost } from '../../../src/relay/http/password.ts';
import type { RelayConfig } from '../../../src/relay/home.ts';

/** What is hashed in a test need not withstand anybody. */
export const CHEAP: PasswordCost = { logN: 10, r: 8, p: 1 };

/** A relay's folder as far as its HTTP side needs one. */
export async function newWebHome(
  change: Partial<RelayConfig> = {},
  folder?: string,
): Promise<AsyncDisposable & { readonly home: string }> {
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'web-home-')));
  await mkdir(join(home, 'trust', 'anchors'), { recursive: true });
  const config: RelayConfig = {
    code: parseAgencyCode('G01.99'),
    name: 'Trạm trung tâm',
    site: parseSite('TW'),
    servers: ['nats://127.0.0.1:4222'],
    ...change,
  };
  await writeFile(join(home, 'relay.json'), JSON.stringify(config));
  return {
    home,
    [Symbol.asyncDispose]: async () => await rm(home, { recursive: true, force: true }),
  };
}
