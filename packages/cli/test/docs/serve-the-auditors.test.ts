import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

// oxlint-disable-next-line no-restricted-imports -- tests of the bus and of the command share this folder
import { newWebHome } from '../../../bus/test/relay/http/web-home.ts';
// oxlint-disable-next-line no-restricted-imports -- as above
import { RelayDatabase } from '../../../bus/test/relay/relay-database.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

const GUIDE = 'how-to/serve-the-auditors.md';

it(
  'docs/how-to/serve-the-auditors.md runs as it stands, with its identity provider and webhooks',
  async () => {
    await using folder = await createGuideFolder();
    using database = new RelayDatabase();
    database.addAgency('H09', 'province');
    database.addAgency('H09.12', 'commune');
    await using web = await newWebHome({}, database.folder);
    const home = join(folder.path, 'congvan');
    await mkdir(home);
    await writeFile(join(folder.path, 'password'), 'một mật khẩu đủ dài\n', { mode: 0o600 });
    for (const file of ['oidc-secret', 'webhook-secret']) {
      await writeFile(join(web.home, file), 'a secret\n', { mode: 0o600 });
    }
    const config = join(web.home, 'relay.json');
    const parts = (await blocksOf(GUIDE, 'json')).map(
      (block) => JSON.parse(`{${block}}`) as object,
    );
    expect(parts.flatMap((part) => Object.keys(part))).toEqual(['oidc', 'webhooks']);
    const merged: unknown = Object.assign(
      JSON.parse(await readFile(config, 'utf8')) as object,
      ...parts,
      { http: { publicUrl: 'https://so-lieu.example.gov.vn', trustedProxies: ['127.0.0.1'] } },
    );
    await writeFile(config, JSON.stringify(merged));
    await rename(web.home, join(home, 'relay'));

    const port = String(await freePort());
    const congvan = 'congvan() { node_modules/.bin/congvan "$@"; }';
    const script = [congvan, ...(await blocksOf(GUIDE)), 'congvan relay user list --json'].join(
      '\n',
    );
    const env = { CONGVAN_HOME: home };
    const { code, output } = await runScript(folder.path, script.replaceAll('8480', port), env);
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output).toMatch(/^xa12 +agency +H09\.12/mu);
    expect(output).toContain('"scope":{"tier":"commune"}');
    const accounts = output.slice(output.lastIndexOf('{"accounts"'));
    expect(accounts).toContain('"tinh9"');
    expect(accounts).not.toContain('"xa12"');
  },
  GUIDE_LIMIT_MS,
);
