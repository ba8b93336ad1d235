import { createTestPki } from '@congvan/signer/testing';
import { describe, expect, it } from 'vitest';

import { SOFT_HSM_MODULE, createToken } from '../soft-hsm.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

const GUIDE = 'how-to/run-your-own-ca.md';
const PIN = '123456';

describe('docs/how-to/run-your-own-ca.md', () => {
  it(
    'runs as it stands, and a stranger with openssl finds what it says',
    async () => {
      await using folder = await createGuideFolder();
      const script = (await blocksOf(GUIDE)).join('\n');
      const port = String(await freePort());
      const { code, output } = await runScript(folder.path, script, { PORT: port });
      if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
      expect(output).toMatch(/xa\.crt: good[^]*xa\.crt: revoked/u);
      expect(output).toContain('Reason: keyCompromise');
      expect(output.match(/Response verify OK/gu)).toHaveLength(2);
      expect(output).toContain('Verification: OK');
      expect(output).toContain('each bound to the one before');
    },
    GUIDE_LIMIT_MS,
  );

  it.skipIf(SOFT_HSM_MODULE === undefined)(
    'keeps the key of the issuing authority in a token (needs softhsm2)',
    async () => {
      await using folder = await createGuideFolder();
      const [first = ''] = await blocksOf(GUIDE);
      const pki = await createTestPki();
      const signer = await pki.issue({ commonName: 'Khóa cấp phát', use: 'seal' });
      using token = createToken('CA', PIN, 'issuing', signer);
      const script = [
        first,
        ...(await blocksOf(GUIDE, 'sh token')),
        'ls "$CONGVAN_HOME" "$CONGVAN_HOME/ca"',
      ].join('\n');
      const { code, output } = await runScript(folder.path, script, {
        MODULE: token.module,
        CONGVAN_CA_PIN: PIN,
        ...token.env,
      });
      if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
      expect(output).toContain('ca-tokens.json');
      expect(output).not.toContain('issuing.key');
    },
    GUIDE_LIMIT_MS,
  );
});
