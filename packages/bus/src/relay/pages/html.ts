import { createRequire } from 'node:module';

/**
 * The three functions that the pages use, typed here: preact's own declarations would bring every
 * global of a browser into a project that has none.
 */
interface TemplateLibraries {
  readonly htm: {
    bind(create: unknown): (strings: TemplateStringsArray, ...values: unknown[]) => Element;
  };
  readonly preact: { readonly h: unknown };
  readonly renderer: { renderToString(element: Element): string };
}

declare const elementBrand: unique symbol;
interface Element {
  readonly [elementBrand]: true;
}

/** A piece of a page: markup, text or nothing. */
export type Markup = Element | string | number | null | undefined | false | readonly Markup[];

const { htm, preact, renderer } = loadLibraries();
const build = htm.bind(preact.h);

/**
 * Markup out of a template. Every value between the markers becomes text or an attribute's value and
 * is escaped by the renderer; no page has a way to pass markup in as a string.
 */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  return build(strings, ...values);
}

export function renderDocument(page: Markup): string {
  return `<!doctype html>\n${renderer.renderToString(build`${page}`)}\n`;
}

function loadLibraries(): TemplateLibraries {
  const load = createRequire(import.meta.url);
  return {
    htm: load('htm') as TemplateLibraries['htm'],
    preact: load('preact') as TemplateLibraries['preact'],
    renderer: load('preact-render-to-string') as TemplateLibraries['renderer'],
  };
}
