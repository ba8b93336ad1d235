import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { makePdf } from '../../bench/chain/measure.ts';
import type { Chance } from './chance.ts';
import type { ChildMessage } from './child.ts';
import type { Country, OfficeHandle } from './country.ts';
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

/** Gives orders to offices until each is promised; what a kill swallowed is ordered again. */
export class Load {
  readonly #open = new Map<string, OpenOrder>();
  readonly #errors: string[] = [];
  #promised = 0;

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

  async run(
    country: Country,
    documents: number,
    chance: Chance,
    signal: AbortSignal,
  ): Promise<void> {
    const pdfFile = join(country.folder, 'van-ban.pdf');
    const attachmentFile = join(country.folder, 'phu-luc.bin');
    await writeFile(pdfFile, await makePdf());
    await writeFile(attachmentFile, randomBytes(LARGE_BYTES));
    for (let index = 0; index < documents; index += 1) {
      const office = chance.pick(country.offices);
      const others = country.offices.filter((one) => one !== office);
      const to = chance.shuffle(others).slice(0, chance.between(1, MAX_RECIPIENTS));
      const order: SendOrder = {
        key: `${office.code} ${index}`,
        to: to.map(({ code }) => code),
        pdfFile,
        urgent: chance.next() * 100 < URGENT_PERCENT,
        ...(chance.next() * 100 < LARGE_PERCENT ? { attachmentFile } : {}),
      };
      while (this.#openOf(office) >= OPEN_ORDERS_PER_OFFICE) await this.#wait(signal);
      this.#ask({ order, office, askedMs: 0 });
    }
    while (this.#open.size > 0) await this.#wait(signal);
  }

  #openOf(office: OfficeHandle): number {
    return [...this.#open.values()].filter((one) => one.office === office).length;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await sleep(POLL_MS, undefined, { signal });
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
