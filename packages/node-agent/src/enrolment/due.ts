/** Something that ends: a certificate, or broker credentials. */
export interface Lifetime<Use extends string = string> {
  readonly use: Use;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Early enough that weeks without a connection do no harm. */
const RENEW_AFTER = 2 / 3;
/** Keys of one day were made on one day: they are not all renewed in one hour. */
const JITTER = 1 / 20;

/**
 * When to renew: at two thirds of the life, up to a twentieth later.
 *
 * @param random - between 0 and 1, the same for one agent.
 */
export function renewalMs({ fromMs, untilMs }: Lifetime, random: number): number {
  return fromMs + (untilMs - fromMs) * (RENEW_AFTER + JITTER * random);
}

/** What is due at a time. */
export function dueAt<Use extends string>(
  lives: readonly Lifetime<Use>[],
  nowMs: number,
  random: number,
): Use[] {
  return lives.filter((life) => renewalMs(life, random) <= nowMs).map(({ use }) => use);
}
