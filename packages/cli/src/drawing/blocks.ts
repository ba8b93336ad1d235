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
    };

export interface TableColumn {
  readonly title: string;
  /** Share of the page's width, 0 to 1; the shares of a table add up to 1. */
  readonly share: number;
  readonly align: 'left' | 'centre' | 'right';
}
