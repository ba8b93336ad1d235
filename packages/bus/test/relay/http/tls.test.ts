import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { NOT_RUNNING } from '../../../src/relay/http/link.ts';
import { openHttpSide } from '../../../src/relay/http/open.ts';
import { startHttpThread } from '../../../src/relay/http/start.ts';
import { RelayDatabase } from '../relay-database.ts';
import { newWebHome } from './web-home.ts';

const folder = mkdtempSync(join(tmpdir(), 'http-tls-'));
const certificate = join(folder, 'cert.pem');
const key = join(folder, 'key.pem');

beforeAll(() => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', [...kind, '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'ignore',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withHome(run: (home: string) => Promise<void>): Promise<void> {
  using database = new RelayDatabase();
  await using web = await newWebHome({}, database.folder);
  await run(web.home);
}

function ask(url: string): Promise<{ status: number; transport: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/healthz`, { rejectUnauthorized: false, agent: false });
    asked.on('response', (answer) => {
      answer.resume();
      const transport = answer.headers['strict-transport-security'];
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, transport }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('the thread of pages and API', () => {
  it('serves TLS with a certificate, and ends when it is told to', async () => {
    await withHome(async (home) => {
      const log = (): void => undefined;
      const place = { home, address: '127.0.0.1:0', certificate, key };
      const side = await startHttpThread({ ...place, state: () => NOT_RUNNING, log });
      expect(side.url).toMatch(/^https:/);
      expect(await ask(side.url)).toEqual({ status: 200, transport: 'max-age=31536000' });
      await side.close();
      await expect(ask(side.url)).rejects.toThrow('ECONNREFUSED');
    });
  });

  it('does not start where others could listen in, or with files that are no pair', async () => {
    await withHome(async (home) => {
      const log = (): void => undefined;
      const shared = { home, state: async () => NOT_RUNNING, log };
      for (const place of [
        { address: '0.0.0.0:0' },
        { address: '[::]:0' },
        { address: '127.0.0.1:0', certificate },
        { address: '127.0.0.1:0', certificate, key: certificate },
        { address: '127.0.0.1:0', certificate: join(folder, 'none'), key },
        { address: '127.0.0.1:70000' },
        { address: 'http://127.0.0.1' },
      ]) {
        await expect(openHttpSide({ ...shared, ...place })).rejects.toMatchObject({
          code: 'BUS_HTTP_FAILED',
        });
      }
    });
  });
});
