import type { Db } from './database.ts';

/** How far each relay has acknowledged the report chain, with its signed word for it. */
export class WatermarkStore {
  readonly #highest;
  readonly #put;
  readonly #upToOf;
  readonly #relayHas;
  readonly #noteRelayHas;
  readonly #forgetRelayHas;

  constructor(db: Db) {
    this.#highest = db.prepare<[], { up_to: number | null }>(
      'SELECT max(up_to) AS up_to FROM watermark',
    );
    this.#upToOf = db
      .prepare<[string], number>('SELECT up_to FROM watermark WHERE relay = ?')
      .pluck();
    this.#relayHas = db.prepare<[], number | null>('SELECT max(relay_has) FROM watermark').pluck();
    this.#noteRelayHas = db.prepare<[string, number, number]>(
      `INSERT INTO watermark (relay, up_to, received_ms, record, relay_has) VALUES (?, 0, ?, x'', ?)
       ON CONFLICT (relay) DO UPDATE SET relay_has = max(relay_has, excluded.relay_has)`,
    );
    this.#forgetRelayHas = db.prepare<[]>('UPDATE watermark SET relay_has = 0');
    this.#put = db.prepare<[string, number, number, Uint8Array]>(
      `INSERT INTO watermark (relay, up_to, received_ms, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (relay) DO UPDATE SET up_to = excluded.up_to,
         received_ms = excluded.received_ms, record = excluded.record`,
    );
  }

  /** The highest report that a relay has said it holds, also of those that are not here. */
  relayHas(): number {
    return this.#relayHas.get() ?? 0;
  }

  noteRelayHas(relay: string, number: number, nowMs: number): void {
    this.#noteRelayHas.run(relay, nowMs, number);
  }

  forgetRelayHas(): void {
    this.#forgetRelayHas.run();
  }

  /** How far this relay has acknowledged; 0 while it has not answered. */
  upToOf(relay: string): number {
    return this.#upToOf.get(relay) ?? 0;
  }

  /** 0 while no relay has answered. */
  highest(): number {
    return this.#highest.get()?.up_to ?? 0;
  }

  put(relay: string, upTo: number, nowMs: number, record: Uint8Array): void {
    this.#put.run(relay, upTo, nowMs, record);
  }
}
