import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

import { codeToToken, parseAgencyCode } from '@congvan/bus';
import { type Agent, type Log, openAgent } from '@congvan/node-agent';

import type { HomeLayout } from '../../home/layout.ts';
import { workAsClerk } from './clerk.ts';
import type { DemoContext } from './world.ts';

/** The agents that run in this process, each with its clerk. */
export class AgentTeam implements AsyncDisposable {
  /** Fires at Ctrl-C, and when an agent or a clerk fails. */
  readonly signal: AbortSignal;
  readonly #context: DemoContext;
  readonly #layout: HomeLayout;
  readonly #passphrase: string;
  readonly #agents = new Map<string, Agent>();
  readonly #clerks: Promise<void>[] = [];
  readonly #failure = new AbortController();
  readonly #closing = new AbortController();
  readonly #log: WriteStream;

  constructor(context: DemoContext, layout: HomeLayout, passphrase: string) {
    this.#context = context;
    this.#layout = layout;
    this.#passphrase = passphrase;
    this.signal = AbortSignal.any([context.signal, this.#failure.signal]);
    this.#log = createWriteStream(join(layout.root, 'agents.log'), { flags: 'a', mode: 0o600 });
    this.#log.on('error', () => undefined);
  }

  /** Opens the agent of an agency and sets its clerk to work. */
  async start(code: string): Promise<Agent> {
    const passphrase = async (): Promise<string> => this.#passphrase;
    const agent = await openAgent({
      home: join(this.#layout.agents, codeToToken(parseAgencyCode(code))),
      passphrase: { node: passphrase, seal: passphrase },
      now: this.#context.now,
      log: this.#logOf(code),
    });
    this.#agents.set(code, agent);
    agent.finished.catch((error: unknown) => this.#failure.abort(error));
    const signal = AbortSignal.any([this.signal, this.#closing.signal]);
    const clerk = workAsClerk(agent, signal).catch((error: unknown) => this.#failure.abort(error));
    this.#clerks.push(clerk);
    return agent;
  }

  get(code: string): Agent {
    const agent = this.#agents.get(code);
    if (agent === undefined) throw new RangeError(`the agent of ${code} does not run`);
    return agent;
  }

  all(): readonly Agent[] {
    return [...this.#agents.values()];
  }

  /** The clerks put down their pens first, so that nobody writes into a closed agent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#clerks);
    await Promise.all(this.all().map(async (agent) => await agent.close()));
    await new Promise<void>((resolve) => this.#log.end(() => resolve()));
  }

  #logOf(code: string): Log {
    const write =
      (level: string): Log['info'] =>
      (fields, message) => {
        const at = this.#context.now().toISOString();
        this.#log.write(`${JSON.stringify({ at, level, agency: code, message, ...fields })}\n`);
      };
    return { info: write('info'), warn: write('warn'), error: write('error') };
  }
}
