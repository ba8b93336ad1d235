import { SignerError } from '../src/errors.ts';

/** Runs the work; anything but a SignerError is a finding. Returns whether it went through. */
export function tolerate(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    return false;
  }
}

export function finding(message: string): never {
  throw new Error(message);
}
