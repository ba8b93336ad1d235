import { parseAgencyCode } from '../../src/agency/code.ts';
import type { Site } from '../../src/agency/tier.ts';
import { type AgencyConnection, connectAgency } from '../../src/broker/agency-connection.ts';
import { messageSubject, scopeOf } from '../../src/subject/subject.ts';
import type { TestPlan } from '../../src/testing/start-plan.ts';

/** One agency of a test plan, connected, with what has arrived for it. */
export interface Correspondent extends AsyncDisposable {
  readonly connection: AgencyConnection;
  /** How many copies of each text stand in the stream; a second hand-out of one is no second copy. */
  readonly arrived: ReadonlyMap<string, number>;
  /** Sends texts, again and again until the broker has taken each. */
  send(to: Correspondent | { code: string; site: Site }, texts: readonly string[]): Promise<void>;
  readonly code: string;
  readonly site: Site;
}

const RETRY_MS = 200;

/** Adds an agency and connects it; it reads its normal lane from now on. */
export async function addCorrespondent(
  bus: TestPlan,
  code: string,
  site: Site,
): Promise<Correspondent> {
  const { credentials } = await bus.addAgency({ code, site });
  const own = parseAgencyCode(code);
  const connection = await connectAgency({
    servers: bus.urls(site),
    credentials,
    code: own,
    site,
    name: 'test',
  });
  const arrived = new Map<string, number>();
  const seen = new Set<number>();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const batch of connection.inbox('normal', { signal: stop.signal })) {
      for (const message of batch) {
        const text = new TextDecoder().decode(message.data);
        if (!seen.has(message.streamSeq)) arrived.set(text, (arrived.get(text) ?? 0) + 1);
        seen.add(message.streamSeq);
        message.ack();
      }
    }
  })();
  return {
    connection,
    arrived,
    code,
    site,
    send: async (to, texts) => {
      const subject = messageSubject({
        tier: 'province',
        lane: 'normal',
        kind: 'doc',
        scope: scopeOf(to.site, site),
        toSite: to.site,
        to: parseAgencyCode(to.code),
        fromSite: site,
        from: own,
      });
      await Promise.all(
        texts.map(async (text) => {
          for (;;) {
            try {
              const data = new TextEncoder().encode(text);
              await connection.publish(subject, data, { messageId: text });
              return;
            } catch {
              await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
            }
          }
        }),
      );
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await reading;
      await connection.close();
    },
  };
}

export function texts(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}
