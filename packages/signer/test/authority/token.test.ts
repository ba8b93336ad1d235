import { readdirSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { openAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { openToken } from '../../src/keys/pkcs11/token.ts';
import { validatePath } from '../../src/path/validate.ts';
import { createTestPki } from '../../src/testing/index.ts';
import { SoftHsm, objectOf, reasonWithoutToken } from '../keys/soft-hsm.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const reason = reasonWithoutToken();
const PIN = '123456';
const passphrase = 'một cụm mật khẩu dài';
const name = { country: 'VN', organization: 'Tỉnh Quảng Trị', commonName: 'CA tỉnh Quảng Trị' };

describe.skipIf(reason !== undefined)(
  `an authority with its keys in a token ${reason ?? ''}`,
  () => {
    let hsm: SoftHsm;
    beforeAll(async () => {
      const pki = await createTestPki();
      const objects = await Promise.all(
        ['root', 'issuing'].map(async (label, at) => {
          const signer = await pki.issue({ commonName: `Khóa ${label}`, use: 'seal' });
          return objectOf(label, `0${at + 1}`, signer);
        }),
      );
      hsm = new SoftHsm();
      hsm.createToken('CA', PIN, objects);
    });
    afterAll(() => hsm[Symbol.dispose]());

    const open = (keyLabel: string) =>
      openToken({
        module: hsm.module,
        tokenLabel: 'CA',
        keyLabel,
        pin: () => Promise.resolve(PIN),
      });

    it('issues, revokes and lists with them, and leaves no key in its folder', async () => {
      const folder = path.join(scratchFolder('token-ca', onTestFinished), 'ca');
      await using rootSigner = await open('root');
      await using issuingSigner = await open('issuing');
      const signers = { rootSigner, issuingSigner };
      const made = await createAuthority({ folder, passphrase, name, ...signers });
      expect(readdirSync(folder).filter((file) => file.endsWith('.key'))).toEqual([]);

      const authority = await openAuthority({
        folder,
        passphrase,
        rootSigner,
        issuingSigners: [issuingSigner],
      });
      const subject = { commonName: 'Sở Nội vụ' };
      const [good, bad] = await Promise.all([
        authority.issue({ subject, use: 'node' }),
        authority.issue({ subject, use: 'node' }),
      ]);
      await authority.revoke(bad.certificate.serialNumber, 'superseded');
      await authority.renewCrl();
      const trust = made.trust();
      const judge = ({ certificate }: typeof good) =>
        validatePath(certificate, { trust, at: new Date() }).subIndication;
      expect([judge(good), judge(bad)]).toEqual([null, 'REVOKED']);
      expect(made.issuingCertificate.publicKeyDer).toEqual(issuingSigner.certificate.publicKeyDer);
    });
  },
);
