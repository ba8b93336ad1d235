/** What a message may cost to read; at a limit reading stops with `BUS_EDXML_LIMIT`. */
export interface EdxmlLimits {
  /** The whole message, base64 included. */
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElementCount: number;
  /** Attributes of one element, namespace declarations included. */
  readonly maxAttributeCount: number;
  /** Characters of one text or attribute value, base64 content aside. */
  readonly maxTextLength: number;
  readonly maxAttachmentCount: number;
  /** One file after base64 and zip. */
  readonly maxAttachmentBytes: number;
  /** All files of a message together. */
  readonly maxTotalAttachmentBytes: number;
}

export const EDXML_LIMITS: EdxmlLimits = {
  maxBytes: 192 * 1024 * 1024,
  maxDepth: 32,
  maxElementCount: 100_000,
  maxAttributeCount: 32,
  maxTextLength: 64 * 1024,
  maxAttachmentCount: 500,
  maxAttachmentBytes: 128 * 1024 * 1024,
  maxTotalAttachmentBytes: 256 * 1024 * 1024,
};
