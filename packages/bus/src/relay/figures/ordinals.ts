const SPARE = 1_024;

/** Codes of agencies as small numbers, by which arrays are read; a code keeps its number. */
export class Ordinals {
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#numbers.size;
  }

  /** How long an array should be, so that it need not grow with each further agency. */
  get room(): number {
    return this.#numbers.size + SPARE;
  }

  of(code: string): number {
    const known = this.#numbers.get(code);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(code, number);
    return number;
  }
}
