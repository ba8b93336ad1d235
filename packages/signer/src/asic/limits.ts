/** What a container may hold; a hostile one meets a limit, never the machine's memory. */
export interface AsicLimits {
  readonly maxContainerBytes: number;
  readonly maxEntries: number;
  /** One file after inflating. */
  readonly maxFileBytes: number;
  /** All files together after inflating. */
  readonly maxTotalBytes: number;
  /** Inflated size divided by stored size, for files above {@link RATIO_FREE_BYTES}. */
  readonly maxRatio: number;
  /** A file name in UTF-8. */
  readonly maxNameBytes: number;
  readonly maxManifestBytes: number;
}

export const DEFAULT_ASIC_LIMITS: AsicLimits = {
  maxContainerBytes: 512 * 1024 * 1024,
  maxEntries: 1_000,
  maxFileBytes: 256 * 1024 * 1024,
  maxTotalBytes: 512 * 1024 * 1024,
  maxRatio: 200,
  maxNameBytes: 255,
  maxManifestBytes: 1024 * 1024,
};

/** For containers in files, which are streamed: up to where a ZIP needs Zip64. */
export const FILE_ASIC_LIMITS: AsicLimits = {
  ...DEFAULT_ASIC_LIMITS,
  maxContainerBytes: 0xffff_ffff,
  maxFileBytes: 0xffff_ffff,
  maxTotalBytes: 0xffff_ffff,
};

/** Small files may shrink as much as they like. */
export const RATIO_FREE_BYTES = 64 * 1024;
