import type { PartKey } from '../storage/figure-store.ts';
import { type Delta, addTo } from './cell.ts';

interface PartDelta {
  readonly key: PartKey;
  readonly delta: Delta;
}

/** What a batch changes about months and years by type and urgency, each cell once. */
export class PartDeltas {
  readonly #cells = new Map<string, PartDelta>();

  add({ bucket, agency, documentType, urgency }: PartKey, delta: Delta): void {
    for (const type of documentType === '' ? [''] : ['', documentType]) {
      this.#addTo({ bucket, agency, documentType: type, urgency }, delta);
    }
  }

  /** In the order of the table. */
  *inOrder(): Generator<PartDelta> {
    const keys = [...this.#cells.keys()].toSorted();
    for (const text of keys) {
      const cell = this.#cells.get(text);
      if (cell !== undefined && cell.delta.size > 0) yield cell;
    }
  }

  #addTo(key: PartKey, delta: Delta): void {
    const { bucket, agency, documentType, urgency } = key;
    const text = `${bucket} ${documentType} ${urgency} ${agency}`;
    const known = this.#cells.get(text);
    if (known === undefined) this.#cells.set(text, { key, delta: new Map(delta) });
    else for (const [index, amount] of delta) addTo(known.delta, index, amount);
  }
}
