import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll } from 'vitest';

/**
 * A new folder below the system's temporary one, gone when the file's tests are done.
 *
 * @param atEnd - `onTestFinished` where it is called inside a test.
 */
export function scratchFolder(
  name: string,
  atEnd: (remove: () => void) => void = afterAll,
): string {
  const folder = mkdtempSync(path.join(tmpdir(), `signer-${name}-`));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
