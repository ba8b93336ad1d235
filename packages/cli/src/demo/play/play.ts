import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  codeToToken,
  type Lane,
  laneOfPriority,
  nameOfStatus,
  parseAgencyCode,
} from '@congvan/bus';

import { alterPackage, BrokerInsider } from '../attack/broker-insider.ts';
import { forgeDelivery } from '../attack/forge-delivery.ts';
import { tryToImpersonate } from '../attack/impersonate.ts';
import { castAgency } from '../agencies.ts';
import {
  ALTERED,
  decide,
  type DocumentKey,
  FORGED,
  OFFLINE_AT_FIRST,
  PAPERS,
  plannedDocument,
  REPEATED,
} from '../scenario.ts';
import { padNumber } from '../texts/text.ts';
import { until } from '../waiting.ts';
import type { DemoContext, World } from '../world/world.ts';
import { Post } from './post.ts';

/** Plays the scenario act by act. When it returns, everything has arrived and been reported. */
export async function play(world: World, context: DemoContext): Promise<Post> {
  const stage = new Stage(world, context);
  await stage.fromCommuneToCentre();
  await stage.fromMinistryToCommunes();
  await stage.ordinaryDays();
  await stage.troubleAtTheBroker();
  await stage.everythingArrives();
  return stage.post;
}

class Stage {
  readonly post: Post;
  readonly #world: World;
  readonly #context: DemoContext;

  constructor(world: World, context: DemoContext) {
    this.post = new Post(world);
    this.#world = world;
    this.#context = context;
  }

  async fromCommuneToCentre(): Promise<void> {
    const { reporter, texts } = this.#context;
    reporter.act(texts.actUp);
    await this.#sendAndSee('bridgeReport');
    await this.#sendAndSee('bridgeInspection');
    await this.#sendAndSee('disasterProposal');
  }

  /** The relay is away: nothing but the figures waits for it. */
  async fromMinistryToCommunes(): Promise<void> {
    const { reporter, texts } = this.#context;
    const { pid } = this.#world.relay();
    reporter.act(texts.actDown);
    const stop = reporter.start(texts.killRelay);
    // What a killed reader holds unacknowledged, the broker hands out again after 30 s only.
    await this.#reported();
    await this.#world.killRelay();
    stop.done(texts.relayKilled(pid));

    await this.#sendAndSee('bridgeAnswer');
    await this.#sendAndSee('ministryGuidance');
    await this.#sendAndSee('planBinhDuong');
    await this.#sendAndSee('planPhuYen');
    for (const paper of PAPERS) {
      const step = reporter.start(paper.from);
      const { from, ...request } = paper;
      const entry = await this.#world.agent(from).registerPaper({ ...request, actor: 'văn thư' });
      const code = `${padNumber(entry.codeNumber)}/${entry.codeNotation}`;
      step.done(texts.paper(code, castAgency(from).shortName, texts.paperReasons[paper.reason]));
    }

    const start = reporter.start(texts.restartRelay);
    const relay = await this.#world.restartRelay();
    start.done(texts.relayBack(relay.pid));
  }

  async ordinaryDays(): Promise<void> {
    const { reporter, texts } = this.#context;
    reporter.act(texts.actOrdinary);
    await this.#sendAndSee('stormWarning');
    await this.#sendAndSee('roadSurvey');
    await this.#sendAndSee('reportHomeAffairsBinhDuong');
    await this.#sendAndSee('reportHomeAffairsPhuYen');
    await this.#sendAndSee('reportDiAn');
    await this.#sendAndSee('reportTuyAn');
  }

  async troubleAtTheBroker(): Promise<void> {
    const { reporter, texts } = this.#context;
    reporter.act(texts.actAttack);
    await this.#impersonate();
    await this.#repeatDelivery();
    await this.#alterDelivery();
    await this.#forgeDelivery();
  }

  async everythingArrives(): Promise<void> {
    const { reporter, texts } = this.#context;
    reporter.act(texts.actEnd);
    const step = reporter.start(texts.comeBack);
    await Promise.all(OFFLINE_AT_FIRST.map(async (code) => await this.#world.startAgent(code)));
    step.done(texts.cameBack(OFFLINE_AT_FIRST.join(', ')));
    await this.#sendAndSee('reportAnNinhDong');
    const settle = reporter.start(texts.settle);
    await this.#settle();
    settle.done(texts.settled);
  }

  /** Sends a document and waits until each recipient that can be reached has answered, signed. */
  async #sendAndSee(key: DocumentKey): Promise<void> {
    const { reporter, texts } = this.#context;
    const plan = plannedDocument(key);
    const from = castAgency(plan.from).shortName;
    const to = plan.to.map((code) => castAgency(code).shortName).join(', ');
    const step = reporter.start(texts.sending(from, to));
    await this.post.send(key);
    const reached = plan.to.filter((code) => this.#isRunning(code));
    for (const code of reached) await this.#answered(key, code);
    const code = this.post.code(key);
    if (reached.length === 0) {
      step.done(texts.waits(code, from, to));
      return;
    }
    const statuses = new Set(reached.map((one) => this.#finalStatus(key, one)));
    const names = [...statuses].toSorted().map((one) => nameOfStatus(one, texts.language));
    const waiting = plan.to.length - reached.length;
    if (waiting > 0) names.push(texts.waiting(waiting));
    step.done(texts.sent(code, from, to, names.join(', ')));
  }

  #isRunning(code: string): boolean {
    return this.#world.agents().some((agent) => agent.code === code);
  }

  #finalStatus(key: DocumentKey, to: string): string {
    if (key === ALTERED.document && to === ALTERED.to) return '02';
    const { from } = plannedDocument(key);
    return { refuse: '02', accept: '03', complete: '06' }[decide(to, { from }).kind];
  }

  /** Waits for the signed receipt of the last status at the sender. */
  async #answered(key: DocumentKey, to: string): Promise<void> {
    const wanted = this.#finalStatus(key, to);
    const agent = this.#world.agent(plannedDocument(key).from);
    const { documentId } = this.post.sent(key);
    await until(`receipt ${wanted} of ${to} for ${this.post.code(key)}`, this.#world.signal, () => {
      const delivery = agent.track(documentId).deliveries.find((one) => one.to === to);
      return delivery?.steps.some(({ status }) => status === wanted) === true;
    });
  }

  /** As long as the broker is sound, nobody can even try. */
  async #impersonate(): Promise<void> {
    const { reporter, texts } = this.#context;
    const step = reporter.start(texts.impersonate);
    const { signedBy: from, claims, to } = FORGED;
    const { server, layout } = this.#world;
    const agentHome = join(layout.agents, codeToToken(parseAgencyCode(from)));
    await tryToImpersonate({ server, agentHome, from, claims, to });
    const [by, claimed] = [from, claims].map((code) => castAgency(code).shortName);
    step.done(texts.impersonationRefused(by ?? '', claimed ?? ''));
  }

  /** The broker delivers at least once; here it hands the same delivery out twice. */
  async #repeatDelivery(): Promise<void> {
    const { reporter, texts } = this.#context;
    const step = reporter.start(texts.repeat);
    const { document, to } = REPEATED;
    await using insider = await this.#insider(to);
    const { documentId } = this.post.sent(document);
    const message = await insider.takeDelivery(this.#laneOf(document), documentId);
    // Two message ids that the broker has not seen, so both copies travel.
    await insider.put(message.subject, message.data, `${documentId}.first`);
    await insider.put(message.subject, message.data, `${documentId}.second`);
    step.done(texts.repeated(this.post.code(document), castAgency(to).shortName));
  }

  async #alterDelivery(): Promise<void> {
    const { reporter, texts } = this.#context;
    const step = reporter.start(texts.alter);
    const { document, to } = ALTERED;
    await using insider = await this.#insider(to);
    const { documentId } = this.post.sent(document);
    const message = await insider.takeDelivery(this.#laneOf(document), documentId);
    const { data, offset } = alterPackage(message.data);
    await insider.put(message.subject, data, `${documentId}.altered`);
    step.done(texts.altered(this.post.code(document), castAgency(to).shortName, offset));
  }

  async #forgeDelivery(): Promise<void> {
    const { reporter, texts, now } = this.#context;
    const step = reporter.start(texts.forge);
    const { passphraseFile, keys } = this.#world;
    const passphrase = (await readFile(passphraseFile, 'utf8')).trim();
    const { issuedOn } = this.post.sent('ministryGuidance');
    const forged = await forgeDelivery({ ...FORGED, keys, passphrase, issuedOn, now: now() });
    await using insider = await this.#insider(FORGED.to);
    await insider.put(forged.subject, forged.data, forged.documentId);
    const [by, claimed, to] = [FORGED.signedBy, FORGED.claims, FORGED.to].map(
      (code) => castAgency(code).shortName,
    );
    step.done(texts.forged(by ?? '', claimed ?? '', to ?? ''));
  }

  async #insider(victim: string): Promise<BrokerInsider> {
    const { server, signal } = this.#world;
    return await BrokerInsider.connect(server, victim, this.#context.now(), signal);
  }

  #laneOf(key: DocumentKey): Lane {
    return laneOfPriority(plannedDocument(key).priority ?? 0);
  }

  /** Every delivery answered at its sender, every report of every agent confirmed by the relay. */
  async #settle(): Promise<void> {
    for (const key of this.post.all().keys()) {
      for (const to of plannedDocument(key).to) await this.#answered(key, to);
    }
    await this.#reported();
  }

  /** The relay has confirmed every report, and nothing waits to leave or to be answered. */
  async #reported(): Promise<void> {
    const { signal } = this.#world;
    for (const agent of this.#world.agents()) {
      await until(`the relay's watermark at ${agent.code}`, signal, () => {
        const { report, outbox, inbox } = agent.status();
        return report.watermark === report.last && outbox.waiting === 0 && inbox.open === 0;
      });
    }
  }
}
