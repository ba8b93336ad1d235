import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { BusError, type EnrolmentAnswer, type EnrolmentUse, fromBase64 } from '@congvan/bus';
import { isRunLockHeld } from '@congvan/bus/sqlite';
import { parseCertificate } from '@congvan/signer';

import { AgentError } from '../errors.ts';
import { readConfig } from '../home/config.ts';
import { layoutOf } from '../home/layout.ts';
import { putKey, replace } from './renew.ts';

/**
 * Gives an agency's folder that is there already new keys and rights: one that was revoked, or away until
 * everything had ended. Register, outbox and inbox stay as they are. The credentials go last: they say
 * that the rest is there.
 *
 * @throws {@link AgentError} `AGENT_ALREADY_RUNNING`, `AGENT_HOME_EXISTS` when the folder is another
 *   agency's; BusError `BUS_ENROLMENT_REFUSED` when it trusts another registrar.
 */
export async function refillHome(
  home: string,
  answer: EnrolmentAnswer,
  p12: ReadonlyMap<EnrolmentUse, Uint8Array>,
  credentials: Uint8Array,
  now: Date,
): Promise<void> {
  const layout = layoutOf(home);
  const config = await readConfig(layout.config);
  if (config.code !== answer.member.code || config.site !== answer.member.site) {
    throw new AgentError('AGENT_HOME_EXISTS', `${home} is the folder of ${config.code}`, {
      details: { home },
    });
  }
  if (isRunLockHeld(layout.lock)) {
    throw new AgentError('AGENT_ALREADY_RUNNING', `stop the agent that runs in ${home} first`, {
      details: { file: layout.lock },
    });
  }
  const pinned = parseCertificate(await readFile(layout.registrarCertificate)).sha256;
  if (pinned !== parseCertificate(fromBase64(answer.registrarCertificate)).sha256) {
    throw new BusError('BUS_ENROLMENT_REFUSED', `${home} trusts another registrar`, {
      details: { reason: 'answer' },
    });
  }
  const put = async (folder: string, bytes: Uint8Array, extension: string): Promise<void> => {
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    await replace(join(layout.trust, folder, `${name}.${extension}`), bytes);
  };
  for (const der of answer.intermediates) await put('intermediates', fromBase64(der), 'crt');
  for (const der of answer.crls) await put('crls', fromBase64(der), 'crl');
  for (const use of ['node', 'encryption', 'tls'] as const) {
    const content = p12.get(use);
    if (content !== undefined) await putKey(layout, use, content, now);
  }
  const seal = p12.get('seal');
  if (seal !== undefined) await replace(layout.sealKey, seal);
  await replace(layout.credentials, credentials);
}
