import { SignerError } from '../../errors.ts';

/** An answer of a signing service, read member by member; each has the wrong type until checked. */
export class JsonAnswer {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #name: string;

  private constructor(members: Readonly<Record<string, unknown>>, name: string) {
    this.#members = members;
    this.#name = name;
  }

  /** @throws {@link SignerError} `SIGNER_REMOTE_INVALID` when it is not a JSON object. */
  static parse(body: Uint8Array, name: string): JsonAnswer {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch {
      // The parser's own error quotes the answer, which may hold a SAD or a token.
      throw invalidAnswer(name, 'no JSON');
    }
    return JsonAnswer.#of(value, name);
  }

  static #of(value: unknown, name: string): JsonAnswer {
    if (!isRecord(value)) throw invalidAnswer(name, 'no JSON object');
    return new JsonAnswer(value, name);
  }

  /** A member that is an object; undefined when it is missing. */
  object(member: string): JsonAnswer | undefined {
    const value = this.#members[member];
    return value === undefined || value === null
      ? undefined
      : JsonAnswer.#of(value, `${this.#name}.${member}`);
  }

  /** A member that is a list of objects; empty when it is missing. */
  objects(member: string): JsonAnswer[] {
    return this.#list(member).map((value, index) =>
      JsonAnswer.#of(value, `${this.#name}.${member}[${index}]`),
    );
  }

  text(member: string): string | undefined {
    const value = this.#members[member];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw invalidAnswer(this.#name, `'${member}' is no text`);
    return value;
  }

  texts(member: string): string[] {
    return this.#list(member).map((value) => {
      if (typeof value !== 'string')
        throw invalidAnswer(this.#name, `'${member}' is no list of texts`);
      return value;
    });
  }

  number(member: string): number | undefined {
    const value = this.#members[member];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number') throw invalidAnswer(this.#name, `'${member}' is no number`);
    return value;
  }

  isTrue(member: string): boolean {
    return this.#members[member] === true;
  }

  #list(member: string): readonly unknown[] {
    const value = this.#members[member];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw invalidAnswer(this.#name, `'${member}' is no list`);
    return value;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a service that does not keep to its protocol. */
export function invalidAnswer(name: string, reason: string, cause?: unknown): SignerError {
  return new SignerError(
    'SIGNER_REMOTE_INVALID',
    `the signing service answers '${name}' outside its protocol: ${reason}`,
    { cause, details: { call: name } },
  );
}
