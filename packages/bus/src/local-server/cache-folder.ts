import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where downloaded tools are kept: `$CONGVAN_CACHE`, else `congvan` in the user's cache folder. */
export function cacheFolder(env: Environment = process.env): string {
  const own = env['CONGVAN_CACHE'];
  if (own !== undefined && own !== '') return own;
  const shared = env['XDG_CACHE_HOME'];
  if (shared !== undefined && shared !== '') return join(shared, 'congvan');
  return join(homedir(), '.cache', 'congvan');
}
