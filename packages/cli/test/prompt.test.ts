import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { GivenUp, promptSecret } from '../src/terminal/secret-prompt.ts';

/** A terminal without a person: what is typed comes from the test. */
class Keyboard extends PassThrough {
  readonly rawModes: boolean[] = [];
  setRawMode(mode: boolean): this {
    this.rawModes.push(mode);
    return this;
  }
}

async function type(...keys: string[]): Promise<{ typed: string; shown: string; raw: boolean[] }> {
  const keyboard = new Keyboard();
  let shown = '';
  const answer = promptSecret('Passphrase: ', keyboard, {
    write: (text) => {
      shown += text;
    },
  });
  for (const key of keys) keyboard.write(key);
  return { typed: await answer, shown, raw: keyboard.rawModes };
}

describe('the passphrase prompt', () => {
  it('shows nothing of what is typed and gives the terminal back', async () => {
    const { typed, shown, raw } = await type('mật ', 'khẩu', '\r');
    expect(typed).toBe('mật khẩu');
    expect(shown).toBe('Passphrase: \n');
    expect(raw).toEqual([true, false]);
  });

  it('takes back with Backspace and clears with Ctrl-U', async () => {
    expect((await type('abx\u007Fc\r')).typed).toBe('abc');
    expect((await type('wrong\u0015right\n')).typed).toBe('right');
  });

  it('leaves what was typed ahead to the next prompt', async () => {
    const keyboard = new Keyboard();
    const silent = { write: () => undefined };
    const first = promptSecret('1', keyboard, silent);
    keyboard.write('one\ntwo\n');
    expect(await first).toBe('one');
    expect(await promptSecret('2', keyboard, silent)).toBe('two');
  });

  it('can be given up', async () => {
    await expect(type('abc\u0003')).rejects.toThrow(GivenUp);
  });
});
