/**
 * Provides an OpenSSL that reads what RFC 5083 §2.1 allows. Before its releases of August 2026 (3.0.22
 * among them) it looked for the authenticated attributes of AuthEnvelopedData under a wrong tag, and
 * refused every sealed message of ours. The system's own stays as it is: other programs use its library.
 */
import { execFileSync, spawnSync } from 'node:child_process';

/** AuthEnvelopedData without recipients and content, with one authenticated attribute. */
const PROBE = `MHMGCyqGSIb3DQEJEAEXoGQwYgIBADEAMC0GCSqGSIb3DQEHATAeBglghkgBZQMEAS4wEQQMAAAA
AAAAAAAAAAAAAgEQgAChGjAYBgkqhkiG9w0BCQMxCwYJKoZIhvcNAQcBBBAAAAAAAAAAAAAAAAAAAAAA`;
/** What Debian and Ubuntu call the library that the program's answers come from. */
const LIBRARIES = ['libssl3', 'libssl3t64'] as const;

/** Whether the `openssl` in PATH can read a message with authenticated attributes. */
export function opensslReadsSealed(): boolean {
  const args = ['cms', '-cmsout', '-noout', '-inform', 'DER'];
  return spawnSync('openssl', args, { input: Buffer.from(PROBE, 'base64') }).status === 0;
}

/**
 * @param unpack - unpacks {@link opensslPackages} privately and names the folder of the starters.
 * @returns the folder to put before PATH; `undefined` when there is no need, or no way: the tests
 *   that need it say that they were skipped.
 */
export async function provideOpenssl(tools: {
  unpack(): Promise<string>;
  say(text: string): void;
}): Promise<string | undefined> {
  if (opensslReadsSealed()) return undefined;
  try {
    return await tools.unpack();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    tools.say(`this OpenSSL cannot open sealed messages, and tests of that are skipped: ${reason}`);
    return undefined;
  }
}

/** The program, and the library even where the system has one: it may be the old one. */
export function opensslPackages(): string[] {
  const format = '${db:Status-Status} ${Package}\n';
  const known = execFileSync('dpkg-query', ['-W', '-f', format], { encoding: 'utf8' }).split('\n');
  return ['openssl', ...LIBRARIES.filter((name) => known.includes(`installed ${name}`))];
}
