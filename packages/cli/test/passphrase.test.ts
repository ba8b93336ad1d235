import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createTown } from './town.ts';

const CHOSEN = 'một mật khẩu dài';

describe('passphrases', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-passphrase-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  const without = { CONGVAN_PASSPHRASE: '' };

  it('come from the first line of a file, from variables, or from a prompt', async () => {
    await using town = await createTown();
    const file = join(folder, 'passphrase');
    await writeFile(file, `${CHOSEN}\nsecond line\n`, { mode: 0o600 });
    const init = await town.run(['ca', 'init', '--passphrase-file', file], { env: without });
    expect(init.code).toBe(0);
    expect(init.err).not.toContain('warning');
    const list = ['ca', 'list'];
    const variable = { CONGVAN_PASSPHRASE_FILE: file, ...without };
    expect(await town.run(list, { env: variable })).toMatchObject({ code: 0 });
    expect(await town.run(list, { env: { CONGVAN_PASSPHRASE: CHOSEN } })).toMatchObject({
      code: 0,
    });
    expect(await town.run(list, { env: without, answers: [CHOSEN] })).toMatchObject({ code: 0 });
    const own = { CONGVAN_PASSPHRASE: 'something else', CONGVAN_CA_PASSPHRASE: CHOSEN };
    expect(await town.run(list, { env: own })).toMatchObject({ code: 0 });
  });

  it('are asked for twice when they are new', async () => {
    await using town = await createTown();
    const init = ['ca', 'init'];
    const differs = await town.run(init, { env: without, answers: [CHOSEN, 'another one'] });
    expect(differs.code).toBe(8);
    expect(differs.err).toContain('CLI_PASSPHRASE_MISMATCH');
    const same = await town.run(init, { env: without, answers: [CHOSEN, CHOSEN] });
    expect(same.code).toBe(0);
  });

  it('lack in words where nobody sits at a terminal', async () => {
    await using town = await createTown();
    const { code, err } = await town.run(['ca', 'init'], { env: without });
    expect(code).toBe(8);
    expect(err).toContain('--passphrase-file');
  });

  it('are refused empty, and from a file that is not there', async () => {
    await using town = await createTown();
    const empty = join(folder, 'empty');
    await writeFile(empty, '\n', { mode: 0o600 });
    const init = ['ca', 'init', '--passphrase-file'];
    expect((await town.run([...init, empty])).err).toContain('CLI_PASSPHRASE_EMPTY');
    expect((await town.run([...init, join(folder, 'none')])).code).toBe(8);
  });

  it('bring a warning when others can read the file', async () => {
    await using town = await createTown();
    const file = join(folder, 'open');
    await writeFile(file, CHOSEN);
    await chmod(file, 0o644);
    const { code, err } = await town.run(['ca', 'init', '--passphrase-file', file]);
    expect(code).toBe(0);
    expect(err).toContain('chmod 600');
  });

  it('never stand in what is printed', async () => {
    await using town = await createTown();
    const { out, err } = await town.run(['ca', 'init', '--json']);
    const list = await town.run(['ca', 'list'], { env: { CONGVAN_PASSPHRASE: 'a wrong secret' } });
    expect(out + err + list.out + list.err).not.toMatch(/a wrong secret|mật khẩu thử nghiệm/);
  });
});
