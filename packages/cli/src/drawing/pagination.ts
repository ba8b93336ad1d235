/** A piece of the page's flow that is never cut: a line of text, a row of a table, the closing block. */
export interface FlowItem<Context> {
  /** Space above in points; left out at the top of a page. */
  readonly before: number;
  /** Height without the space above, in points. */
  readonly height: number;
  /** No page break directly after this item. */
  readonly keepWithNext: boolean;
  /** Stands above this item again when a page begins with it: the head of a table. */
  readonly head?: FlowItem<Context>;
  /** Draws the item with its upper edge at `top`. */
  draw(context: Context, top: number): void;
}

export interface PlacedItem<Context> {
  readonly item: FlowItem<Context>;
  /** Upper edge in points from the lower edge of the page. */
  readonly top: number;
}

export interface PageArea {
  readonly firstTop: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Distributes the items over pages. A break moves back to the last place where it is allowed, so that a
 * heading, a paragraph's first or last line or the signature never stands alone.
 */
export function paginate<Context>(
  items: readonly FlowItem<Context>[],
  area: PageArea,
): PlacedItem<Context>[][] {
  const pages: PlacedItem<Context>[][] = [];
  let start = 0;
  while (start < items.length) {
    const top = pages.length === 0 ? area.firstTop : area.top;
    const head = pages.length === 0 ? undefined : items[start]?.head;
    const end = findBreak(items, start, top - area.bottom - (head?.height ?? 0));
    const page = items.slice(start, end);
    pages.push(placeItems(head === undefined ? page : [head, ...page], top));
    start = end;
  }
  return pages;
}

/** Index of the first item of the next page. */
function findBreak<Context>(
  items: readonly FlowItem<Context>[],
  start: number,
  room: number,
): number {
  let used = 0;
  let end = start;
  for (const item of items.slice(start)) {
    used += item.height + (end > start ? item.before : 0);
    // An item higher than a whole page stands alone on one, and sticks out below.
    if (used > room && end > start) break;
    end += 1;
  }
  if (end === items.length) return end;
  let allowed = end;
  while (allowed > start + 1 && items[allowed - 1]?.keepWithNext === true) allowed -= 1;
  const nothingAllowed = items[allowed - 1]?.keepWithNext === true;
  return nothingAllowed ? end : allowed;
}

function placeItems<Context>(
  items: readonly FlowItem<Context>[],
  pageTop: number,
): PlacedItem<Context>[] {
  let y = pageTop;
  return items.map((item, index) => {
    const top = index === 0 ? y : y - item.before;
    y = top - item.height;
    return { item, top };
  });
}
