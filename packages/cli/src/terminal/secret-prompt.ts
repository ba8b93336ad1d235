import type { Readable } from 'node:stream';

/** The part of a terminal's `ReadStream` that the prompt needs. */
export type SecretInput = Readable & { setRawMode(mode: boolean): unknown };

/** The person pressed Ctrl-C or closed the input at a prompt. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/**
 * Asks for a secret at the terminal; nothing typed is shown. Enter ends it, Backspace takes back,
 * Ctrl-U clears, Ctrl-C and Ctrl-D give up.
 *
 * @throws {@link GivenUp} when the person does.
 */
export async function promptSecret(
  question: string,
  input: SecretInput,
  output: { write(text: string): unknown },
): Promise<string> {
  output.write(question);
  input.setRawMode(true);
  input.setEncoding('utf8');
  input.resume();
  try {
    return await readLine(input);
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
}

function readLine(input: SecretInput): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const finish = (act: () => void): void => {
      input.off('data', onData);
      input.off('end', onEnd);
      act();
    };
    const giveUp = (): void => finish(() => reject(new GivenUp()));
    const onEnd = giveUp;
    const onData = (chunk: string | Buffer): void => {
      const characters = Array.from(chunk.toString());
      for (const [index, char] of characters.entries()) {
        if (char === '\r' || char === '\n') {
          // Paused first, or the stream would hand what follows to nobody.
          input.pause();
          finish(() => resolve(typed.join('')));
          // What was typed or pasted ahead belongs to the next prompt.
          const ahead = characters.slice(index + 1).join('');
          if (ahead !== '') input.unshift(ahead, 'utf8');
          return;
        }
        if (char === '\u0003' || char === '\u0004') return giveUp();
        if (char === '\u007F' || char === '\b') typed.pop();
        else if (char === '\u0015') typed = [];
        else if (char >= ' ') typed.push(char);
      }
    };
    input.on('data', onData);
    input.on('end', onEnd);
  });
}
