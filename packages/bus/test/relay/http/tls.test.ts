import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, get, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { waitUntil } from '../../../src/testing/index.ts';
import { NOT_RUNNING } from '../../../src/relay/http/link.ts';
import { openHttpSide } from '../../../src/relay/http/open.ts';
import { startHttpThread } from '../../../src/relay/http/start.ts';
import { RelayDatabase } from '../relay-database.ts';
import { newWebHome } from './web-home.ts';

const folder = mkdtempSync(join(tmpdir(), 'http-tls-'));
const certificate = join(folder, 'cert.pem');
const key = join(folder, 'key.pem');

beforeAll(() => issue(certificate, key));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function issue(certFile: string, keyFile: string): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', [...kind, '-keyout', keyFile, '-out', certFile, ...subject], {
    stdio: 'ignore',
  });
}

/** @returns the fingerprint of the certificate that a new connection gets. */
async function shownBy(url: string): Promise<string> {
  const { port } = new URL(url);
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

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

  it('takes a renewed certificate while it runs, and lets connections that stand go on', async () => {
    await withHome(async (home) => {
      const own = { certificate: join(home, 'web.crt'), key: join(home, 'web.key') };
      copyFileSync(certificate, own.certificate);
      copyFileSync(key, own.key);
      const log: string[] = [];
      await using side = await openHttpSide({
        home,
        address: '127.0.0.1:0',
        ...own,
        state: async () => NOT_RUNNING,
        log: (_level, message) => void log.push(message),
        certificateCheckMs: 20,
      });
      const before = await shownBy(side.url);
      const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
      const portOf = async (): Promise<number | undefined> => {
        const asked = get(`${side.url}/healthz`, { agent });
        const [answer] = (await once(asked, 'response')) as [IncomingMessage];
        const { localPort } = answer.socket;
        answer.resume();
        await once(answer, 'end');
        return localPort;
      };
      const standing = await portOf();

      // One half of a renewal fits nothing: what was served stays, and the log says so once.
      const next = { certificate: join(home, 'next.crt'), key: join(home, 'next.key') };
      issue(next.certificate, next.key);
      renameSync(next.certificate, own.certificate);
      await waitUntil(() => log.includes('certificate of the pages not taken'));
      expect(await shownBy(side.url)).toBe(before);
      renameSync(next.key, own.key);
      await waitUntil(() => log.includes('certificate of the pages taken again'));
      const after = await shownBy(side.url);
      expect(after).not.toBe(before);
      const { fingerprint256 } = new X509Certificate(readFileSync(own.certificate));
      expect(after).toBe(fingerprint256);
      expect(await portOf()).toBe(standing);
      agent.destroy();

      rmSync(own.key);
      await waitUntil(() => log.filter((one) => one.endsWith('not taken')).length === 2);
      expect(await shownBy(side.url)).toBe(after);
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
