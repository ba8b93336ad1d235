import { registerHooks, stripTypeScriptTypes } from 'node:module';

import { type Node, parse } from 'acorn';

/**
 * Adds a counter to every branch of the package's sources while Node loads them, and collects the
 * literals that stand in them: a parser compares its input with those.
 *
 * The counters count edges, as AFL does: slot = previous place XOR this place. V8's own coverage
 * would need no instrumentation, but reading it costs milliseconds for each input.
 */
export interface Instrumentation {
  /** One byte for each edge, 0 … 255, wrapping. */
  readonly edges: Uint8Array<ArrayBuffer>;
  /** String literals of the sources, as Latin-1 bytes. */
  readonly literals: ReadonlySet<string>;
  /** Causes of the SignerErrors made since it was emptied, whoever caught them. */
  readonly causes: unknown[];
  /** Places that count, in all files loaded so far. */
  placeCount(): number;
}

export const EDGE_SLOTS = 1 << 16;
const MAX_LITERAL_CHARACTERS = 40;

/** Call before the first import of what is to be fuzzed. */
export function instrumentSources(folder: URL): Instrumentation {
  const edges = new Uint8Array(EDGE_SLOTS);
  const literals = new Set<string>();
  let places = 0;
  const causes: unknown[] = [];
  Object.assign(globalThis, { __edges: edges, __place: 0, __causes: causes });
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith(folder.href) || loaded.source === undefined) return loaded;
      const text = Buffer.from(loaded.source as Uint8Array).toString('utf8');
      const code = stripTypeScriptTypes(text, { mode: 'strip' });
      const watched = url.endsWith('/errors.ts') ? watchCauses(code) : code;
      const source = addCounters(watched, literals, () => {
        places += 1;
        return Math.imul(places, 0x9e3779b1) >>> 16;
      });
      return { format: 'module', source, shortCircuit: true };
    },
  });
  return { edges, literals, causes, placeCount: () => places };
}

/**
 * A TypeError that a parser wraps as "malformed" is a fault all the same, but nobody would see it:
 * the constructor of SignerError writes causes down.
 */
function watchCauses(code: string): string {
  const call = 'super(message, options);';
  if (!code.includes(call)) throw new Error(`errors.ts has no "${call}" any more`);
  return code.replace(call, `${call} __causes.push(options.cause);`);
}

/** ESTree with its fields unknown. */
type Tree = Node & Readonly<Record<string, unknown>>;

function addCounters(code: string, literals: Set<string>, nextPlace: () => number): string {
  const inserts: { at: number; text: string }[] = [];
  const counter = (): string => {
    const place = nextPlace();
    return `(__edges[__place ^ ${place}]++, __place = ${place >>> 1})`;
  };
  const countBlock = (node: unknown): void => {
    if (!isTree(node)) return;
    if (node.type === 'BlockStatement') {
      inserts.push({ at: node.start + 1, text: `${counter()};` });
    } else {
      inserts.push({ at: node.start, text: `{${counter()};` }, { at: node.end, text: '}' });
    }
  };
  const countExpression = (node: unknown): void => {
    if (!isTree(node)) return;
    inserts.push({ at: node.start, text: `(${counter()}, (` }, { at: node.end, text: '))' });
  };
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        countBlock(node['body']);
        break;
      case 'ArrowFunctionExpression':
        if (isTree(node['body']) && node['body'].type === 'BlockStatement') {
          countBlock(node['body']);
        }
        break;
      case 'IfStatement':
        countBlock(node['consequent']);
        if (isTree(node['alternate']) && node['alternate'].type !== 'IfStatement') {
          countBlock(node['alternate']);
        }
        break;
      case 'ForStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        countBlock(node['body']);
        break;
      case 'CatchClause':
        countBlock(node['body']);
        break;
      case 'SwitchCase': {
        const [first] = node['consequent'] as readonly unknown[];
        if (isTree(first)) inserts.push({ at: first.start, text: `${counter()};` });
        break;
      }
      case 'ConditionalExpression':
        countExpression(node['consequent']);
        countExpression(node['alternate']);
        break;
      case 'LogicalExpression':
        countExpression(node['right']);
        break;
      case 'Literal':
        if (typeof node['value'] === 'string') collect(node['value'], literals);
        break;
      default:
    }
  });
  return splice(code, inserts);
}

function collect(text: string, literals: Set<string>): void {
  if (text.length > 0 && text.length <= MAX_LITERAL_CHARACTERS && !text.includes(' ')) {
    literals.add(text);
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function visit(node: unknown, enter: (node: Tree) => void): void {
  if (Array.isArray(node)) {
    for (const member of node) visit(member, enter);
  } else if (isTree(node)) {
    enter(node);
    for (const value of Object.values(node)) visit(value, enter);
  }
}

/** Inserts texts; of two at the same place, what closes stands before what opens. */
function splice(code: string, inserts: readonly { at: number; text: string }[]): string {
  const isClosing = (text: string): number => (/^[)}]/.test(text) ? 0 : 1);
  const ordered = inserts
    .map((insert, index) => ({ ...insert, index }))
    .sort((a, b) => a.at - b.at || isClosing(a.text) - isClosing(b.text) || a.index - b.index);
  let result = '';
  let from = 0;
  for (const { at, text } of ordered) {
    result += code.slice(from, at) + text;
    from = at;
  }
  return result + code.slice(from);
}
