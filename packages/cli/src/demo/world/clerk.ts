import { CliError } from '../../errors.ts';
import type { Agent, IncomingDocument } from '@congvan/node-agent';

import { decide } from '../scenario.ts';

const ACTOR = 'văn thư';

/** The clerk of one agency, who answers whatever comes in until the agent closes. */
export async function workAsClerk(agent: Agent, signal: AbortSignal): Promise<void> {
  for await (const document of agent.incoming({ signal })) await answer(agent, document);
}

async function answer(agent: Agent, document: IncomingDocument): Promise<void> {
  const decision = decide(agent.code, document);
  if (document.state !== 'open') {
    throw new CliError('CLI_DEMO_FAILED', `${document.id} was handed over again after its answer`);
  }
  if (decision.kind === 'refuse') {
    const { code, reason } = decision;
    await agent.refuse(document.id, { code, reason, actor: ACTOR });
    return;
  }
  await agent.accept(document.id, { actor: ACTOR });
  if (decision.kind === 'complete') await agent.complete(document.id, { actor: ACTOR });
}
