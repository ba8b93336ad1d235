import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type Authority,
  createAuthority,
  createKeySigner,
  encodePem,
  signCms,
} from '@congvan/signer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openSiteTrust } from '../src/enrolment/site-verifier.ts';
import { layoutOf } from '../src/home/layout.ts';
import { EndedLists } from '../src/running/ended-lists.ts';

const DAY_MS = 86_400_000;

describe('whom a site service believes', () => {
  let home: string;
  let nowMs: number;
  const now = (): Date => new Date(nowMs);

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'congvan-site-trust-'));
    nowMs = Date.now();
  });
  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
  });

  const stranger = async (): Promise<Authority> =>
    await createAuthority({
      folder: join(home, 'elsewhere'),
      passphrase: 'long enough for a test',
      name: { commonName: 'CA H44', country: 'VN' },
      algorithm: 'ec-p256',
      now,
    });
  const put = async (part: string, name: string, bytes: Uint8Array | string): Promise<void> =>
    await writeFile(join(home, 'site', 'trust', part, name), bytes);

  it('follows the folder while it runs, and keeps what it has when a file is damaged', async () => {
    const trust = await openSiteTrust(layoutOf({ env: {} }, { home }), undefined, now);
    const authority = await stranger();
    const issued = await authority.issue({ subject: { commonName: 'H44.DK' }, use: 'registrar' });
    if (issued.privateKey === undefined) throw new Error('no key');
    const content = new TextEncoder().encode('an entry');
    const signature = await signCms(
      { content },
      createKeySigner({ ...issued, privateKey: issued.privateKey }),
    );
    const judge = (): string =>
      trust.verify({
        content,
        signature,
        certificates: [issued.certificate.der],
        at: now(),
      }).indication;
    expect(judge()).toBe('INDETERMINATE');
    expect(await trust.refresh()).toBe(false);

    const { anchors, intermediates, crls } = authority.trust();
    await put('anchors', 'h44.crt', encodePem('CERTIFICATE', anchors[0]?.der ?? new Uint8Array()));
    for (const { der, sha256 } of intermediates) await put('intermediates', `${sha256}.crt`, der);
    for (const [index, { der }] of crls.entries()) await put('crls', `${index}.crl`, der);
    expect(await trust.refresh()).toBe(true);
    expect(await trust.refresh()).toBe(false);
    expect(judge()).toBe('TOTAL-PASSED');

    // Agencies get the newest of each authority, however many older ones lie there.
    await authority.renewCrl();
    await put('crls', 'newer.crl', authority.crl());
    expect(await trust.refresh()).toBe(true);
    const offered = trust.otherLists().map((der) => Buffer.from(der).toString('hex'));
    expect(offered).toHaveLength(crls.length);
    expect(offered).toContain(Buffer.from(authority.crl()).toString('hex'));

    await put('crls', 'half.crl', 'half a');
    await expect(trust.refresh()).rejects.toMatchObject({ code: 'SIGNER_TRUST_STORE_INVALID' });
    expect(judge()).toBe('TOTAL-PASSED');
  });

  it('is told once when a list has run out, and again after a new one has', async () => {
    const authority = await stranger();
    const told: string[] = [];
    const lists = new EndedLists(
      () => authority.trust(),
      now,
      (issuer) => told.push(issuer),
    );
    lists.look();
    expect([told, lists.conditions()]).toEqual([[], []]);
    nowMs += 36 * DAY_MS;
    lists.look();
    lists.look();
    expect(told).toEqual([expect.stringContaining('CA H44')]);
    expect(lists.conditions()).toMatchObject([
      { code: 'REVOCATION_LISTS_ENDED', severity: 'warning' },
    ]);
    await authority.renewCrl();
    lists.look();
    expect(lists.conditions()).toEqual([]);
    nowMs += 36 * DAY_MS;
    lists.look();
    expect(told).toHaveLength(2);
  });
});
