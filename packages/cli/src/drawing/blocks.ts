/** A piece of text that is laid out from the top of a page to its end. */
export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  /** A legal basis (căn cứ), in italics. */
  | { readonly kind: 'basis'; readonly text: string }
  | { readonly kind: 'heading'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly columns: readonly TableColumn[];
      readonly rows: readonly (readonly string[])[];
      /** The last row is a sum, in bold. */
      readonly hasTotal?: boolean;
    }
  | { readonly kind: 'chart'; readonly bars: readonly Bar[] };

/** One bar of a chart from 0 to 1, with its words above and below. */
export interface Bar {
  /** `null`: nothing is known, and no bar is drawn. */
  readonly value: number | null;
  readonly shown: string;
  readonly label: string;
  /** A line across the bar. */
  readonly mark: number | null;
}

export interface TableColumn {
  readonly title: string;
  /** Share of the page's width, 0 to 1; the shares of a table add up to 1. */
  readonly share: number;
  readonly align: 'left' | 'centre' | 'right';
}
