import type { Page } from 'playwright-core';

/** A number on a page: which answer of the API has it, in which row, under which name. */
export interface ShownFigure {
  readonly api: string;
  readonly row: number | null;
  readonly figure: string;
  readonly value: string;
  /** What a person reads. */
  readonly text: string;
}

const READ_FIGURES = `[...document.querySelectorAll('[data-figure]')].map((element) => {
  const row = element.closest('[data-row]');
  const api = element.closest('[data-api]');
  return {
    api: api === null ? '' : api.getAttribute('data-api'),
    row: row === null || !api.contains(row) ? null : Number(row.getAttribute('data-row')),
    figure: element.getAttribute('data-figure'),
    value: element.getAttribute('value') ?? element.getAttribute('datetime')
      ?? element.getAttribute('data-value') ?? element.textContent,
    text: element.textContent,
  };
})`;

export async function readFigures(page: Page): Promise<ShownFigure[]> {
  const found: unknown = await page.evaluate(READ_FIGURES);
  if (!Array.isArray(found)) throw new Error('no list');
  return found.map((one: unknown) => ({
    api: String(fieldOf(one, 'api')),
    row: fieldOf(one, 'row') === null ? null : Number(fieldOf(one, 'row')),
    figure: String(fieldOf(one, 'figure')),
    value: String(fieldOf(one, 'value')),
    text: String(fieldOf(one, 'text')),
  }));
}

/** Those figures that the API gives otherwise, in words; it is asked as the same person. */
export async function differencesFromApi(
  page: Page,
  shown: readonly ShownFigure[],
): Promise<string[]> {
  const answers = new Map<string, unknown>();
  for (const api of new Set(shown.map((one) => one.api))) {
    const answer = await page.request.get(api, { headers: { accept: 'application/json' } });
    answers.set(api, answer.ok() ? await answer.json() : `status ${answer.status()}`);
  }
  return shown.flatMap(({ api, row, figure, value, text }) => {
    const answer = answers.get(api);
    const list = LISTS.find((name) => fieldOf(answer, name) !== undefined) ?? 'rows';
    const place = row === null ? figure : `${list}.${row}.${figure}`;
    const expected = place.split('.').reduce<unknown>((at, name) => fieldOf(at, name), answer);
    if (String(expected) !== value) {
      return [`${page.url()}: ${place} of ${api} is ${String(expected)}, the page has ${value}`];
    }
    return typeof expected !== 'number' || says(text, figure, expected)
      ? []
      : [`${page.url()}: ${place} is ${expected}, and a person reads "${text}"`];
  });
}

/** What the API calls its rows. */
const LISTS = ['rows', 'documents', 'publications'] as const;

/** Whether Vietnamese text names the number: whole ones with dots, rates cut to a tenth of a per cent. */
function says(text: string, figure: string, value: number): boolean {
  if (/^(?:before\.|figures\.)?(?:rate_|target$)/u.test(figure)) {
    const tenths = Math.floor(Number((value * 1_000).toFixed(4)));
    return text === `${Math.floor(tenths / 10)},${tenths % 10}%`;
  }
  if (figure.includes('_ms.')) return /^[\d.]+(?:,\d)?\s(?:giây|phút|giờ|ngày)$/u.test(text);
  return text.replaceAll('.', '').match(/\d+/gu)?.includes(String(value)) === true;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
