import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createTestPki } from '@congvan/signer/testing';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { encodePayload, parseAgencyCode, reportSubject, signRecord } from '../../src/index.ts';
import { openRelayReader } from '../../src/relay/index.ts';
import type { OnStep } from '../../src/relay/step.ts';
import { openDatabase } from '../../src/relay/storage/database.ts';
import { RejectedStore } from '../../src/relay/storage/rejected-store.ts';
import { waitUntil } from '../../src/testing/index.ts';
import { listed, signWith, startRelayBus } from './relay-bus.ts';
import { dispatch, electronic, paper, receipt } from './relay-database.ts';
import { tiersOf } from './figures/tiers-of.ts';

const JULY = { period: '2026-07' };

describe('a relay on a real bus', () => {
  it('takes in the reports of every site and answers with watermarks', async () => {
    await using world = await startRelayBus();
    const commune = await world.addReporter('H09.12.034', 'commune', 'H09');
    const ministry = await world.addReporter('G12', 'central', 'TW');
    await using relay = await world.openRelay();
    await commune.report(dispatch(1, [electronic('G12')]));
    await ministry.report(receipt('H09.12.034', 1, '01'));
    await ministry.report(receipt('H09.12.034', 1, '03'));

    await waitUntil(() => relay.counts().receipts['03'] === 1);
    const [document] = relay.track('doc-1', 'H09.12.034');
    expect(document?.deliveries[0]).toMatchObject({ to: 'G12', state: '03' });
    expect(tiersOf(relay, JULY)).toMatchObject({
      commune: { E: 1, deliveries: 1, receipted: 1 },
      central: { E: 0 },
    });
    await waitUntil(() => commune.watermarks.at(-1)?.upTo === 1);
    await waitUntil(() => ministry.watermarks.at(-1)?.upTo === 2);
    expect(commune.watermarks.at(-1)).toMatchObject({ from: 'W01', to: 'H09.12.034', missing: [] });
    expect(relay.status()).toMatchObject({ broker: 'connected', sites: ['H09', 'TW'] });
  });

  it('asks for a gap and takes it when it comes', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    const first = await province.compose(paper(1));
    const second = await province.compose(paper(2));
    const third = await province.compose(paper(3));
    const fourth = await province.compose(paper(4));
    await province.publish(first);
    await province.publish(fourth);
    await waitUntil(() => province.watermarks.at(-1)?.missing.length === 1);
    expect(province.watermarks.at(-1)).toMatchObject({ upTo: 1, missing: [[2, 3]] });
    await province.publish(third);
    await province.publish(second);
    await waitUntil(() => province.watermarks.at(-1)?.upTo === 4);
    expect(province.watermarks.at(-1)).toMatchObject({ hash: fourth.hash, missing: [] });
    expect(relay.counts()).toMatchObject({ reports: 4, rejected: 0, contradictions: 0 });
  });

  it('learns of an agency that was added after it started', async () => {
    await using world = await startRelayBus();
    await using relay = await world.openRelay();
    expect(relay.status().sites).toEqual(['TW']);
    const late = await world.addReporter('G12', 'central', 'TW');
    await late.report(paper(1));
    await waitUntil(() => relay.counts().reports === 1);
    expect(relay.listRejected()).toEqual([]);
  });

  it('answers an open reader beside it with the same figures', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    using reader = openRelayReader(world.home);
    await province.report(dispatch(1, [electronic('G12')]));
    await waitUntil(() => reader.counts().reports === 1);
    expect(tiersOf(reader, JULY)).toEqual(tiersOf(relay, JULY));
    expect(reader.asOf()).toEqual(relay.asOf());
    expect(reader.track('doc-1')).toEqual(relay.track('doc-1'));
  });

  it('goes on after a stop with what came meanwhile', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    const first = await world.openRelay();
    await province.report(paper(1));
    await waitUntil(() => first.counts().reports === 1);
    await first.close();
    await first.close();
    await province.report(paper(2));
    await using second = await world.openRelay();
    await waitUntil(() => second.counts().reports === 2);
    await waitUntil(() => province.watermarks.at(-1)?.upTo === 2);
    expect(second.counts()).toMatchObject({ papers: 2, rejected: 0 });
  });

  it('goes on after the broker was killed', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    await province.report(paper(1));
    await waitUntil(() => relay.counts().reports === 1);
    await world.bus.kill();
    await waitUntil(() => relay.status().broker === 'disconnected');
    await world.bus.restart();
    await waitUntil(() => province.connection.status() === 'connected');
    await province.report(paper(2));
    await waitUntil(() => relay.counts().reports === 2, 20_000);
    await waitUntil(() => province.watermarks.at(-1)?.upTo === 2, 20_000);
  });

  it('runs once for each folder', async () => {
    await using world = await startRelayBus();
    await using relay = await world.openRelay();
    expect(relay.code).toBe('W01');
    await expect(world.openRelay()).rejects.toMatchObject({ code: 'BUS_RELAY_ALREADY_RUNNING' });
  });
});

describe('what fails the check is kept with its finding and never comes again', () => {
  it('a record signed by another agency', async () => {
    await using world = await startRelayBus();
    const honest = await world.addReporter('H09', 'province', 'H09');
    const forger = await world.addReporter('H09.12', 'district', 'H09');
    await using relay = await world.openRelay();
    const payload = encodePayload('report', {
      from: parseAgencyCode('H09'),
      number: 1,
      previous: null,
      at: new Date().toISOString(),
      entry: paper(1),
    });
    const record = await signRecord('report', payload, signWith(forger.signer));
    await honest.publish({ number: 1, hash: 'forged', record });
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([
      { claimedFrom: 'H09', finding: 'SIGNER_NOT_LISTED' },
    ]);
    await honest.report(paper(1));
    await waitUntil(() => relay.counts().reports === 1);
    expect(relay.counts()).toMatchObject({ reports: 1, papers: 1, rejected: 1 });
  });

  it('a record on the subject of another tier', async () => {
    await using world = await startRelayBus();
    const district = await world.addReporter('H09.12', 'district', 'H09');
    await using relay = await world.openRelay();
    const from = parseAgencyCode('H09.12');
    const report = await district.compose(paper(1));
    await district.publish(report, {
      subject: reportSubject({ tier: 'central', site: 'H09', from }),
    });
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([{ finding: 'SUBJECT_MISMATCH' }]);
  });

  it('a record that names another agency than its subject', async () => {
    await using world = await startRelayBus();
    const district = await world.addReporter('H09.12', 'district', 'H09');
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    await district.publish(await province.compose(paper(1)));
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([
      { claimedFrom: 'H09.12', finding: 'SUBJECT_MISMATCH' },
    ]);
  });

  it('a changed byte, a record of another type and no record at all', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    const { record } = await province.compose(paper(1));
    const text = Buffer.from(record).toString('latin1').replace('Ánh', 'Anh');
    const changed = Buffer.from(record);
    changed[record.length - 1] = (changed[record.length - 1] ?? 0) ^ 1;
    const junk = Buffer.from(text.slice(0, 40), 'latin1');
    await province.publish({ number: 1, hash: 'changed', record: changed });
    await province.publish({ number: 1, hash: 'junk', record: junk });
    await waitUntil(() => relay.counts().rejected === 2);
    const findings = relay.listRejected().map(({ finding }) => finding);
    expect(findings.toSorted()).toEqual(['RECORD_MALFORMED', 'SIGNATURE_BROKEN']);
  });

  it('a sender that the directory does not know', async () => {
    await using world = await startRelayBus();
    await using relay = await world.openRelay();
    const stranger = await world.addStranger('H09.99', 'district', 'H09');
    const late = await world.addReporter('H09', 'province', 'H09');
    await stranger.report(paper(1));
    await late.report(paper(1));
    await relay.refreshDirectory();
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([
      { claimedFrom: 'H09.99', finding: 'SENDER_UNKNOWN' },
    ]);
    await waitUntil(() => relay.counts().reports === 1);
  });

  it('a certificate that the directory does not list, until it does', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    const enrolment = { code: 'H09', site: 'H09', validFrom: '2020-01-01T00:00:00.000Z' };
    await world.bus.addAgency({ ...enrolment, certificates: [] });
    await using relay = await world.openRelay();
    await province.report(paper(1));
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([{ finding: 'SIGNER_NOT_LISTED' }]);

    await world.bus.addAgency({ ...enrolment, certificates: [listed(province.signer)] });
    await relay.refreshDirectory();
    expect(relay.counts()).toMatchObject({ reports: 1, papers: 1, rejected: 0 });
  });

  it('held reports of a sender that the directory lists late, so many in a transaction', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    const enrolment = { code: 'H09', site: 'H09', validFrom: '2020-01-01T00:00:00.000Z' };
    await world.bus.addAgency({ ...enrolment, certificates: [] });
    let kept = 0;
    const onStep: OnStep = (step) => (kept += step === 'batch.kept' ? 1 : 0);
    await using relay = await world.openRelay({ onStep });
    for (let number = 1; number <= 130; number += 1) await province.report(paper(number));
    await waitUntil(() => relay.counts().rejected === 130);

    kept = 0;
    await world.bus.addAgency({ ...enrolment, certificates: [listed(province.signer)] });
    await relay.refreshDirectory();
    expect(relay.counts()).toMatchObject({ reports: 130, rejected: 0 });
    expect(kept).toBeGreaterThan(2);
  });

  it('a revoked certificate', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await world.pki.revoke(province.signer.certificate);
    const crls = join(world.home, 'trust', 'crls');
    for (const name of await readdir(crls)) await rm(join(crls, name));
    await writeFile(join(crls, 'root.crl'), world.pki.rootCrl().der);
    await writeFile(join(crls, 'issuing.crl'), world.pki.crl().der);
    await using relay = await world.openRelay();
    await province.report(paper(1));
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([{ finding: 'CERTIFICATE_REVOKED' }]);
  });

  it('a report that cannot be kept, without holding back the others', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    const other = await world.addReporter('H09.12', 'district', 'H09');
    await using relay = await world.openRelay();
    await relay.refreshDirectory();
    const db = new Database(join(world.home, 'relay.sqlite'));
    db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON stored_report WHEN NEW.agency = 'H09'
             BEGIN SELECT RAISE(ABORT, 'no room'); END`);
    db.close();
    await province.report(paper(1));
    await other.report(paper(1));
    await waitUntil(() => relay.counts().reports === 1 && relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([{ finding: 'CHECK_FAILED', claimedFrom: 'H09' }]);
  });

  it('a certificate that cannot be judged, until there is a fresh revocation list', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    await relay.refreshDirectory();
    const crls = join(world.home, 'trust', 'crls');
    await rename(crls, `${crls}.off`);
    await relay.reloadTrust();
    await province.report(paper(1));
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([{ finding: 'REVOCATION_UNKNOWN' }]);

    await rename(`${crls}.off`, crls);
    await relay.reloadTrust();
    expect(relay.counts()).toMatchObject({ reports: 1, rejected: 0 });
  });

  it('everything that cannot be judged without revocation lists, until its site has them', async () => {
    await using world = await startRelayBus();
    const stranger = await createTestPki();
    const province = await world.addReporter('H09', 'province', 'H09');
    const crls = join(world.home, 'trust', 'crls');
    for (const name of await readdir(crls)) await rm(join(crls, name));
    await using relay = await world.openRelay();
    await province.report(paper(1));
    // Nor does it believe the directory, so it does not know which sites to read.
    expect(relay.status().directoryEntries).toBe(0);

    world.siteLists.push(stranger.crl().der, world.pki.rootCrl().der, world.pki.crl().der);
    // Whoever is revoked leaves the directory, so each change of it is a reason to ask.
    await world.addReporter('H09.12', 'district', 'H09');
    await waitUntil(() => relay.counts().reports === 1);
    expect(relay.counts()).toMatchObject({ reports: 1, rejected: 0 });
    expect(await readdir(crls)).toHaveLength(2);
  });

  it('held reports behind a thousand newer ones of another kind, all at a reload', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    const noisy = await world.addReporter('G12', 'central', 'TW');
    await using relay = await world.openRelay();
    await relay.refreshDirectory();
    const crls = join(world.home, 'trust', 'crls');
    await rename(crls, `${crls}.off`);
    await relay.reloadTrust();
    // More than one transaction of the recheck holds, and of more than one sender.
    for (let number = 1; number <= 70; number += 1) await province.report(paper(number));
    await noisy.report(paper(1));
    await waitUntil(() => relay.counts().rejected === 71);
    const db = openDatabase(join(world.home, 'relay.sqlite'));
    const store = new RejectedStore(db);
    db.transaction(() => {
      for (let number = 1; number <= 1_000; number += 1) {
        const data = Buffer.from(`${number}`);
        const message = { subject: 'vb.report', data, storedAt: new Date(number), site: 'H08' };
        const finding = 'RECORD_MALFORMED';
        store.add(message, { claimedFrom: 'H08', finding, detail: 'x' }, number);
      }
    }).immediate();
    db.close();

    await rename(`${crls}.off`, crls);
    await relay.reloadTrust();
    expect(relay.counts()).toMatchObject({ reports: 71, rejected: 1_000 });
    await waitUntil(() => province.watermarks.at(-1)?.upTo === 70);
  });

  it('a certificate whose issuer is unknown, until the trust folder knows it', async () => {
    await using world = await startRelayBus();
    const province = await world.addReporter('H09', 'province', 'H09');
    await using relay = await world.openRelay();
    await relay.refreshDirectory();
    const intermediates = join(world.home, 'trust', 'intermediates');
    const [name = ''] = await readdir(intermediates);
    await rename(join(intermediates, name), join(intermediates, `${name}.off`));
    await relay.reloadTrust();
    await province.report(paper(1));
    await waitUntil(() => relay.counts().rejected === 1);
    expect(relay.listRejected()).toMatchObject([{ finding: 'CERTIFICATE_UNTRUSTED' }]);

    await rename(join(intermediates, `${name}.off`), join(intermediates, name));
    await relay.reloadTrust();
    expect(relay.counts()).toMatchObject({ reports: 1, rejected: 0 });
  });
});
