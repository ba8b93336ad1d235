import { createHash, timingSafeEqual } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { type TLSSocket, connect } from 'node:tls';

import {
  BusError,
  ENROLMENT_PATH,
  type EnrolmentToken,
  MAX_ENROLMENT_ANSWER_BYTES,
  parseEnrolmentRefusal,
} from '@congvan/bus';

const CONNECT_TIMEOUT_MS = 15_000;
const ANSWER_TIMEOUT_MS = 120_000;
const HTTPS_PORT = 443;

/**
 * Sends a request to the desk that the token names. Nothing leaves before the desk has shown that it
 * has the key of the token: no certificate authority of this machine is asked.
 *
 * @returns the answer's bytes; nothing of it is checked yet.
 * @throws {@link BusError} `BUS_ENROLMENT_UNREACHABLE`, `BUS_ENROLMENT_REFUSED`.
 */
export async function askDesk(token: EnrolmentToken, body: Uint8Array): Promise<Uint8Array> {
  const url = new URL(token.url);
  const socket = await dial(url, token);
  try {
    const { status, content } = await post(socket, url, body);
    if (status === 200) return content;
    const refusal = parseEnrolmentRefusal(content);
    if (refusal === undefined) throw unreachable(url, `it answered with HTTP ${status}`);
    const { refused, detail } = refusal;
    throw new BusError('BUS_ENROLMENT_REFUSED', `the enrolment desk says: ${detail}`, {
      details: { reason: refused },
    });
  } finally {
    socket.destroy();
  }
}

async function dial(url: URL, token: EnrolmentToken): Promise<TLSSocket> {
  const host = url.hostname.replaceAll(/[[\]]/gu, '');
  const port = url.port === '' ? HTTPS_PORT : Number(url.port);
  const isName = /[a-z]/iu.test(host) && !host.includes(':');
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const connecting = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      // The key is compared with the token below; a chain of authorities would say less.
      rejectUnauthorized: false,
      ...(isName ? { servername: host } : {}),
    });
    connecting.setTimeout(CONNECT_TIMEOUT_MS, () => {
      connecting.destroy(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`));
    });
    connecting.once('secureConnect', () => resolve(connecting));
    connecting.once('error', (error: Error) => reject(unreachable(url, error.message, error)));
  });
  socket.setTimeout(0);
  const key = socket.getPeerX509Certificate()?.publicKey.export({ format: 'der', type: 'spki' });
  const shown = createHash('sha256')
    .update(key ?? '')
    .digest();
  if (timingSafeEqual(shown, Buffer.from(token.deskKeySha256, 'hex'))) return socket;
  socket.destroy();
  throw unreachable(url, 'whoever answers there is not the desk that the token names');
}

async function post(
  socket: TLSSocket,
  url: URL,
  body: Uint8Array,
): Promise<{ readonly status: number; readonly content: Uint8Array }> {
  return await new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => reject(unreachable(url, why, cause));
    const request = httpRequest({
      createConnection: () => socket,
      method: 'POST',
      host: url.host,
      path: `${url.pathname.replace(/\/+$/u, '')}${ENROLMENT_PATH}`,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        host: url.host,
      },
      timeout: ANSWER_TIMEOUT_MS,
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', (error) => fail(error.message, error));
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ENROLMENT_ANSWER_BYTES)
          request.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.once('error', (error) => fail(error.message, error));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, content: Buffer.concat(chunks) });
      });
    });
    request.end(body);
  });
}

function unreachable(url: URL, why: string, cause?: unknown): BusError {
  return new BusError('BUS_ENROLMENT_UNREACHABLE', `the enrolment desk ${url.origin}: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    details: { url: url.origin },
  });
}
