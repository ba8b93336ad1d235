import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Chance } from '@congvan/bus/testing';

import { makePdf } from '../../bench/chain/measure.ts';
import type { ChildMessage } from './child.ts';
import type { OfficeHandle } from './country.ts';
import type { SendOrder } from './office-process.ts';

/** Of every hundred documents so many carry a large attachment, so many are urgent. */
const LARGE_PERCENT = 3;
const URGENT_PERCENT = 20;
const LARGE_BYTES = 2 * 1024 * 1024;
const MAX_RECIPIENTS = 3;
const OPEN_ORDERS_PER_OFFICE = 4;
const REPEAT_AFTER_MS = 5_000;
const POLL_MS = 20;

interface OpenOrder {
  readonly order: SendOrder;
  readonly office: OfficeHandle;
  askedMs: number;
}

/**
 * Gives orders to offices, as many as were let go, until each is promised; what a kill swallowed is
 * ordered again.
 */
export class Load {
  readonly #open = new Map<string, OpenOrder>();
  readonly #errors: string[] = [];
  readonly #chance: Chance;
  #files: { readonly pdf: string; readonly attachment: string } | undefined;
  #let = 0;
  #ordered = 0;
  #extra = 0;
  #promised = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  get promised(): number {
    return this.#promised;
  }

  /** For the country: what an office says. */
  onMessage(message: ChildMessage): void {
    if (message.sent !== undefined && this.#open.delete(message.sent)) this.#promised += 1;
    if (message.failed === undefined) return;
    this.#errors.push(`${message.failed}: ${message.error ?? ''}`);
    // An agent that is being killed or has no room may refuse; the same key is asked for again.
    const open = this.#open.get(message.failed);
    if (open !== undefined) open.askedMs = performance.now();
  }

  /** What offices refused, for the report of a campaign that did not end well. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** Writes what documents are made of. */
  async prepare(folder: string): Promise<void> {
    const files = { pdf: join(folder, 'van-ban.pdf'), attachment: join(folder, 'phu-luc.bin') };
    await writeFile(files.pdf, await makePdf());
    await writeFile(files.attachment, randomBytes(LARGE_BYTES));
    this.#files = files;
  }

  /** Lets the offices send until so many documents were ordered in all. */
  letGo(documents: number): void {
    this.#let = Math.max(this.#let, documents);
  }

  /** Until all that were let go are promised, or the time is over. @returns whether they are. */
  async caughtUp(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.#ordered < this.#let || this.#open.size > 0) {
      if (performance.now() > deadline) return false;
      await sleep(POLL_MS, undefined, { signal });
    }
    return true;
  }

  /** Gives the orders; ends when the signal says so. */
  async run(offices: readonly OfficeHandle[], signal: AbortSignal): Promise<never> {
    for (;;) {
      if (this.#ordered < this.#let) await this.#orderNext(offices, signal);
      await this.#wait(signal);
    }
  }

  /** One more, with a large attachment, at once. */
  orderLarge(office: OfficeHandle, to: OfficeHandle): void {
    this.#extra += 1;
    const { pdf: pdfFile = '', attachment: attachmentFile = '' } = this.#files ?? {};
    const key = `${office.code} lớn ${this.#extra}`;
    this.#ask({
      order: { key, to: [to.code], pdfFile, attachmentFile, urgent: false },
      office,
      askedMs: 0,
    });
  }

  async #orderNext(offices: readonly OfficeHandle[], signal: AbortSignal): Promise<void> {
    const chance = this.#chance;
    const { pdf: pdfFile = '', attachment: attachmentFile = '' } = this.#files ?? {};
    const office = chance.pick(offices);
    const others = offices.filter((one) => one !== office);
    const to = chance.shuffle(others).slice(0, chance.between(1, MAX_RECIPIENTS));
    const order: SendOrder = {
      key: `${office.code} ${this.#ordered}`,
      to: to.map(({ code }) => code),
      pdfFile,
      urgent: chance.next() * 100 < URGENT_PERCENT,
      ...(chance.next() * 100 < LARGE_PERCENT ? { attachmentFile } : {}),
    };
    while (this.#openOf(office) >= OPEN_ORDERS_PER_OFFICE) await this.#wait(signal);
    this.#ask({ order, office, askedMs: 0 });
    this.#ordered += 1;
  }

  #openOf(office: OfficeHandle): number {
    return [...this.#open.values()].filter((one) => one.office === office).length;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const mayOrder = this.#ordered < this.#let;
    await sleep(mayOrder ? POLL_MS / 4 : POLL_MS, undefined, { signal });
    const now = performance.now();
    for (const open of this.#open.values()) {
      if (now - open.askedMs > REPEAT_AFTER_MS) this.#ask(open);
    }
  }

  #ask(open: OpenOrder): void {
    open.askedMs = performance.now();
    this.#open.set(open.order.key, open);
    open.office.child.tell({ send: open.order });
  }
}
