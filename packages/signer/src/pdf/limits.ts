/** What a PDF may cost to read. A hostile file meets a limit, never the machine's memory. */
export interface PdfLimits {
  readonly maxFileBytes: number;
  /** Highest object number, and entries of one cross-reference section. */
  readonly maxObjects: number;
  /** Cross-reference sections, that is saved revisions. */
  readonly maxSections: number;
  /** Nesting of arrays and dictionaries. */
  readonly maxDepth: number;
  /** All inflated cross-reference and object streams together. */
  readonly maxInflatedBytes: number;
  /** Fields of the form, pages of the page tree, annotations of one page. */
  readonly maxItems: number;
  readonly maxSignatures: number;
}

export const DEFAULT_PDF_LIMITS: PdfLimits = {
  maxFileBytes: 256 * 1024 * 1024,
  maxObjects: 1_000_000,
  maxSections: 256,
  maxDepth: 64,
  maxInflatedBytes: 128 * 1024 * 1024,
  maxItems: 50_000,
  maxSignatures: 100,
};
