import { createHash } from 'node:crypto';

import { buildAsicE, openAsic, openAsicE, writeOpenPart } from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMessage, packOpenPart } from '../../src/index.ts';
import { type Relay, exportEvidence } from '../../src/relay/index.ts';
import { waitUntil } from '../../src/testing/index.ts';
import { type RelayBus, type Reporter, startRelayBus } from './relay-bus.ts';
import { dispatch, electronic } from './relay-database.ts';

describe('the open part behind a dispatch report', () => {
  let world: RelayBus;
  let relay: Relay;
  let commune: Reporter;
  let sent = 0;

  beforeAll(async () => {
    world = await startRelayBus();
    commune = await world.addReporter('H09.12.034', 'commune', 'H09');
    relay = await world.openRelay();
  });
  afterAll(async () => {
    await relay.close();
    await world[Symbol.asyncDispose]();
  });

  const makePart = async (signer = commune.signer) => {
    const bytes = new TextEncoder().encode(`header ${sent}`);
    const files = [{ name: 'header.edxml', mediaType: 'application/xml', bytes }];
    const { container, manifestSha256 } = await buildAsicE({ files, signer });
    const { manifest, signature } = openAsicE(container);
    const part = writeOpenPart({ files: [['header.edxml', bytes]], manifest, signature });
    return { part, manifestSha256 };
  };

  /** Reports a dispatch with a body. @returns the document's id. */
  const report = async (
    packageDigest: string,
    body: Uint8Array | undefined,
    from = commune,
  ): Promise<string> => {
    sent += 1;
    const entry = { ...dispatch(sent, [electronic('G12')]), packageDigest };
    const composed = await from.compose(entry);
    const record = body === undefined ? composed.record : encodeMessage(composed.record, body);
    await from.publish({ ...composed, record });
    await waitUntil(() => relay.counts().reports === sent);
    return `doc-${sent}`;
  };
  const unfit = () => relay.listContradictions().filter(({ kind }) => kind === 'OPEN_PART_UNFIT');
  const exported = async (id: string) => {
    const built = await exportEvidence({ home: world.home, id, signer: world.relaySigner });
    return { ...built, files: openAsic(built.container).files };
  };

  it('is kept as it came and shown in the evidence', async () => {
    const { part, manifestSha256 } = await makePart();
    const id = await report(manifestSha256, packOpenPart(part));
    const { files, lacking } = await exported(id);
    const manifest = files.get('package/ASiCManifest.xml') ?? new Uint8Array();
    expect(createHash('sha256').update(manifest).digest('hex')).toBe(manifestSha256);
    expect(lacking).not.toContain('open-part');
    expect(unfit()).toEqual([]);
  });

  it('may lack, as agents of before did not send it', async () => {
    const id = await report('a'.repeat(64), undefined);
    expect((await exported(id)).lacking).toContain('open-part');
    expect(unfit()).toEqual([]);
  });

  /** Digests that a report can name, each with a body that is not the open part of that package. */
  const misfits = async (): Promise<(readonly [string, Uint8Array])[]> => {
    const { part, manifestSha256 } = await makePart();
    const stranger = await world.pki.issue({ commonName: 'Người lạ', use: 'node' });
    const foreign = await makePart(stranger);
    const bomb = packOpenPart(new Uint8Array(64 * 1024 * 1024));
    return [
      ['b'.repeat(64), packOpenPart(part)],
      [foreign.manifestSha256, packOpenPart(foreign.part)],
      [manifestSha256, Buffer.concat([packOpenPart(part), Buffer.from('more')])],
      [manifestSha256, part],
      [manifestSha256, bomb],
      [manifestSha256, new Uint8Array(1)],
    ];
  };

  it('does not come into the evidence when it is not of the package, and the report counts', async () => {
    for (const [digest, body] of await misfits()) {
      const id = await report(digest, body);
      expect((await exported(id)).lacking, `document ${id}`).toContain('open-part');
    }
    expect(relay.counts()).toMatchObject({ reports: sent, rejected: 0, dispatches: sent });
  });

  it('is judged on arrival where several certificates may have signed it', async () => {
    const former = await world.pki.issue({ commonName: 'Khóa trước', use: 'node' });
    const district = await world.addReporter('H09.12', 'district', 'H09', former);
    for (const signer of [district.signer, former]) {
      const { part, manifestSha256 } = await makePart(signer);
      const id = await report(manifestSha256, packOpenPart(part), district);
      expect((await exported(id)).lacking, `document ${id}`).not.toContain('open-part');
    }
    for (const [index, [digest, body]] of (await misfits()).entries()) {
      const id = await report(digest, body, district);
      expect((await exported(id)).lacking, `document ${id}`).toContain('open-part');
      expect(unfit(), `document ${id}`).toHaveLength(index + 1);
    }
  });

  it('does not get in behind a report that is no dispatch', async () => {
    const { part } = await makePart();
    const before = unfit().length;
    sent += 1;
    const composed = await commune.compose({
      kind: 'void',
      year: 2026,
      number: 900,
      reason: 'nhầm',
    });
    const record = encodeMessage(composed.record, packOpenPart(part));
    await commune.publish({ ...composed, record });
    await waitUntil(() => relay.counts().reports === sent);
    expect(unfit()).toHaveLength(before + 1);
  });
});
