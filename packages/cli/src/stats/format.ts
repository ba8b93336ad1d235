import type { Cli } from '../context.ts';

/** Numbers as people of one language write them. */
export interface Format {
  count(value: number): string;
  /** A fraction as per cent with one digit, cut and never rounded up: 89.96 % has not reached 90 %. */
  rate(fraction: number): string;
  /** Difference of two fractions in percentage points, with its sign. */
  points(difference: number): string;
  /** One unit is enough to see what is late. */
  duration(ms: number): string;
}

export function formatFor({ language, messages }: Pick<Cli, 'language' | 'messages'>): Format {
  const locale = language === 'vi' ? 'vi-VN' : 'en-GB';
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const digit = { minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;
  const tenths = new Intl.NumberFormat(locale, digit);
  const signed = new Intl.NumberFormat(locale, { ...digit, signDisplay: 'exceptZero' });
  const { units } = messages.stats;
  return {
    count: (value) => whole.format(value),
    rate: (fraction) => `${tenths.format(cutRate(fraction) * 100)} %`,
    points: (difference) => signed.format(Math.round(difference * 1_000) / 10),
    duration(ms) {
      const sizes = [
        [86_400_000, units.day],
        [3_600_000, units.hour],
        [60_000, units.minute],
        [1_000, units.second],
      ] as const;
      const [size, unit] = sizes.find(([least]) => ms >= least) ?? [1, units.ms];
      return `${whole.format(Math.round(ms / size))} ${unit}`;
    },
  };
}

/** A fraction cut to tenths of a per cent; 0.29 × 1000 is 289.99999999999994 and means 290. */
export function cutRate(fraction: number): number {
  return Math.floor(Number((fraction * 1_000).toFixed(6))) / 1_000;
}
