import type { Db } from './database.ts';

/** How far each relay has acknowledged the report chain, with its signed word for it. */
export class WatermarkStore {
  readonly #highest;
  readonly #put;

  constructor(db: Db) {
    this.#highest = db.prepare<[], { up_to: number | null }>(
      'SELECT max(up_to) AS up_to FROM watermark',
    );
    this.#put = db.prepare<[string, number, number, Uint8Array]>(
      `INSERT INTO watermark (relay, up_to, received_ms, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (relay) DO UPDATE SET up_to = excluded.up_to,
         received_ms = excluded.received_ms, record = excluded.record`,
    );
  }

  /** 0 while no relay has answered. */
  highest(): number {
    return this.#highest.get()?.up_to ?? 0;
  }

  put(relay: string, upTo: number, nowMs: number, record: Uint8Array): void {
    this.#put.run(relay, upTo, nowMs, record);
  }
}
