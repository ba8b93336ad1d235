const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
const SIZE = /^(\d+(?:\.\d+)?) ?(B|[KMGT]i?B)$/;

/** Reads `500GB`, `1.5 TiB`. @returns bytes, `undefined` for anything else. */
export function parseSize(text: string): number | undefined {
  const [, number, unit] = SIZE.exec(text.trim()) ?? [];
  const factor = UNITS[unit ?? ''];
  if (number === undefined || factor === undefined) return undefined;
  const bytes = Math.floor(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes a size for people: `1.5 GiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = bytes / (UNITS[unit] ?? 1);
    if (size >= 1) return `${size >= 100 ? Math.round(size) : Math.round(size * 10) / 10} ${unit}`;
  }
  return `${bytes} B`;
}
