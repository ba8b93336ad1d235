import { SignerError } from '../../src/index.ts';

/** The error a promise ends with: `CODE: message`; for an error that is none of ours, `foreign: …`. */
export async function rejection(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof SignerError
      ? `${error.code}: ${error.message}`
      : `foreign: ${String(error)}`;
  }
  return 'no error';
}
