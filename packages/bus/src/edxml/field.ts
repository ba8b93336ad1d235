import type { Element } from 'xml-js';

import { readDate, readTimestamp, writeDate, writeTimestamp } from './date.ts';
import { invalidField } from './fault.ts';
import type { Extensible } from './model.ts';
import { type SourceElement, keepElement } from './xml-tree.ts';
import { keptElement, parentElement, textElement } from './xml-write.ts';

/** Where a block is written: its path, its elements so far, and what its extensions already hold. */
export interface BlockOutput {
  readonly path: string;
  readonly elements: Element[];
  readonly heldNames: ReadonlySet<string>;
}

/** How one key of a model stands in XML. What `read` does not mark as used is kept as an extension. */
export interface Field<T> {
  /** Local names it is read from; the first is the one written. */
  readonly names: readonly [string, ...string[]];
  read(found: readonly SourceElement[], used: Set<SourceElement>): T;
  write(value: T, output: BlockOutput): void;
}

/** A field for each key of a model, in the order in which the elements are written. */
export type Shape<M> = { readonly [K in Exclude<keyof M, 'extensions'>]-?: Field<M[K]> };

/** `always`: an empty element rather than none, as strict checkers demand. */
export type Emit = 'always' | 'present';

const WRITTEN_PREFIX = 'edXML:';
const MAX_INTEGER = 2_147_483_647;

/** Text that must be there when writing; empty when a message lacks it. */
export function text(...names: [string, ...string[]]): Field<string> {
  return {
    names,
    read: (found, used) => takeText(found, used) ?? '',
    write: (value, output) => writeText(names[0], value, 'always', output),
  };
}

/** As {@link text} for codes and ids: surrounding white space is dropped. */
export function token(...names: [string, ...string[]]): Field<string> {
  const field = text(...names);
  return { ...field, read: (found, used) => field.read(found, used).trim() };
}

export function optionalText(
  emit: Emit,
  ...names: [string, ...string[]]
): Field<string | undefined> {
  return {
    names,
    read: (found, used) => takeText(found, used) || undefined,
    write: (value, output) => writeText(names[0], value ?? '', emit, output),
  };
}

export function optionalToken(...names: [string, ...string[]]): Field<string | undefined> {
  const field = optionalText('present', ...names);
  return { ...field, read: (found, used) => field.read(found, used)?.trim() || undefined };
}

export function integer(...names: [string, ...string[]]): Field<number | undefined> {
  return converted(names, 'present', readInteger, writeInteger);
}

/** A number that has a meaning when it is missing. */
export function integerOr(missing: number, ...names: [string, ...string[]]): Field<number> {
  const field = integer(...names);
  return {
    names,
    read: (found, used) => field.read(found, used) ?? missing,
    write: (value, output) => {
      const isHeld = value === missing && output.heldNames.has(names[0]);
      if (!isHeld) field.write(value, output);
    },
  };
}

export function flag(...names: [string, ...string[]]): Field<boolean | undefined> {
  return converted(names, 'present', readFlag, String);
}

export function date(emit: Emit, ...names: [string, ...string[]]): Field<string | undefined> {
  return converted(names, emit, readDate, writeDate);
}

/** A date that must be there when writing; empty when a message lacks it. */
export function requiredDate(...names: [string, ...string[]]): Field<string> {
  const field = converted(names, 'always', readDate, writeDate);
  return {
    names,
    read: (found, used) => field.read(found, used) ?? '',
    write: (value, output) => field.write(value === '' ? undefined : value, output),
  };
}

export function timestamp(...names: [string, ...string[]]): Field<string | undefined> {
  return converted(names, 'always', readTimestamp, writeTimestamp);
}

/** A nested block that is always there, empty when a message lacks it. */
export function block<M extends Extensible>(name: string, shape: Shape<M>): Field<M> {
  return {
    names: [name],
    read: (found, used) => {
      const element = pick(found, used, holdsBlock);
      if (element !== undefined) used.add(element);
      return readBlock(shape, element);
    },
    write: (value, output) => writeNested(name, shape, value, output),
  };
}

export function optionalBlock<M extends Extensible>(
  shape: Shape<M>,
  ...names: [string, ...string[]]
): Field<M | undefined> {
  return {
    names,
    read: (found, used) => {
      const element = pick(found, used, holdsBlock);
      if (element === undefined) return undefined;
      used.add(element);
      return readBlock(shape, element);
    },
    write: (value, output) => {
      if (value !== undefined) writeNested(names[0], shape, value, output);
    },
  };
}

/** A block that repeats; blocks without any content are as good as absent. */
export function repeated<M extends Extensible>(name: string, shape: Shape<M>): Field<readonly M[]> {
  return {
    names: [name],
    read: (found, used) => {
      for (const element of found) used.add(element);
      return found.filter(hasContent).map((element) => readBlock(shape, element));
    },
    write: (values, output) => {
      values.forEach((value, index) => {
        writeNested(name, shape, value, output, `${name}[${index}]`);
      });
    },
  };
}

/** Blocks inside a wrapper: `ReceiverList/Receiver`. A wrapper that holds anything else is kept whole. */
export function wrapped<M extends Extensible>(
  name: string,
  item: string,
  shape: Shape<M>,
): Field<readonly M[]> {
  return {
    names: [name],
    read: (found, used) => {
      const items = takeItems(found, used, item) ?? [];
      return items.filter(hasContent).map((element) => readBlock(shape, element));
    },
    write: (values, output) => {
      if (values.length === 0) return;
      const inner: BlockOutput = { path: join(output, name), elements: [], heldNames: new Set() };
      values.forEach((value, index) => {
        writeNested(item, shape, value, inner, `${item}[${index}]`);
      });
      output.elements.push(parentElement(WRITTEN_PREFIX + name, inner.elements));
    },
  };
}

/** Texts inside a wrapper: `ToPlaces/Place`. */
export function textList(emit: Emit, name: string, item: string): Field<readonly string[]> {
  return {
    names: [name],
    read: (found, used) => {
      const items = takeItems(found, used, item, isLeaf) ?? [];
      return items.map((element) => element.text).filter((value) => value !== '');
    },
    write: (values, output) => {
      const path = join(output, name);
      const elements = values.map((value, index) =>
        textElement(WRITTEN_PREFIX + item, value, `${path}.${item}[${index}]`),
      );
      const isWanted = elements.length > 0 || (emit === 'always' && !output.heldNames.has(name));
      if (isWanted) output.elements.push(parentElement(WRITTEN_PREFIX + name, elements));
    },
  };
}

/** Reads a block by its shape, in any order of elements; `undefined` reads as an empty block. */
export function readBlock<M extends Extensible>(
  shape: Shape<M>,
  element: SourceElement | undefined,
): M {
  const model: Record<string, unknown> = {};
  const used = new Set<SourceElement>();
  const children = element?.elements ?? [];
  for (const [key, field] of fieldsOf(shape)) {
    const found = children.filter((child) => field.names.includes(child.local));
    const value = field.read(found, used);
    if (value !== undefined) model[key] = value;
  }
  const extensions = children.filter((child) => !used.has(child)).map(keepElement);
  if (extensions.length > 0) model['extensions'] = extensions;
  return model as M; // a shape has a field for every key of its model
}

/** The elements of a block, its extensions last. */
export function writeBlock<M extends Extensible>(
  shape: Shape<M>,
  model: M,
  path: string,
): Element[] {
  const extensions = model.extensions ?? [];
  const heldNames = new Set(extensions.map(({ name }) => name.slice(name.indexOf(':') + 1)));
  const output: BlockOutput = { path, elements: [], heldNames };
  const values = model as Readonly<Record<string, unknown>>; // only keys of the shape are read
  for (const [key, field] of fieldsOf(shape)) field.write(values[key], output);
  for (const extension of extensions) output.elements.push(keptElement(extension, path));
  return output.elements;
}

function fieldsOf<M>(shape: Shape<M>): [string, Field<unknown>][] {
  return Object.entries<Field<unknown>>(shape as Readonly<Record<string, Field<unknown>>>);
}

function writeNested<M extends Extensible>(
  name: string,
  shape: Shape<M>,
  value: M,
  output: BlockOutput,
  step: string = name,
): void {
  const elements = writeBlock(shape, value, join(output, step));
  output.elements.push(parentElement(WRITTEN_PREFIX + name, elements));
}

function converted<T>(
  names: readonly [string, ...string[]],
  emit: Emit,
  read: (text: string) => T | undefined,
  write: (value: T, field: string) => string,
): Field<T | undefined> {
  return {
    names,
    read: (found, used) => {
      const element = pick(found, used);
      if (element === undefined || !isLeaf(element)) return undefined;
      const value = read(element.text);
      if (value !== undefined || element.text.trim() === '') used.add(element);
      return value;
    },
    write: (value, output) => {
      const written = value === undefined ? '' : write(value, join(output, names[0]));
      writeText(names[0], written, emit, output);
    },
  };
}

/**
 * Of several elements with one name the first that holds anything; the empty ones say nothing and
 * count as read, the others stay for the extensions.
 */
function pick(
  found: readonly SourceElement[],
  used: Set<SourceElement>,
  holds: (element: SourceElement) => boolean = holdsText,
): SourceElement | undefined {
  for (const element of found) {
    if (!holds(element)) used.add(element);
  }
  return found.find(holds);
}

function takeText(found: readonly SourceElement[], used: Set<SourceElement>): string | undefined {
  const element = pick(found, used);
  if (element === undefined || !isLeaf(element)) return undefined;
  used.add(element);
  return element.text;
}

function takeItems(
  found: readonly SourceElement[],
  used: Set<SourceElement>,
  item: string,
  accepts: (element: SourceElement) => boolean = () => true,
): readonly SourceElement[] | undefined {
  const wrapper = pick(found, used, holdsBlock);
  if (wrapper === undefined) return undefined;
  const isList = wrapper.elements.every((child) => child.local === item && accepts(child));
  const hasOwnText = wrapper.elements.length === 0 && wrapper.text.trim() !== '';
  if (!isList || hasOwnText) return undefined;
  used.add(wrapper);
  return wrapper.elements;
}

function writeText(name: string, value: string, emit: Emit, output: BlockOutput): void {
  if (value === '' && (emit === 'present' || output.heldNames.has(name))) return;
  output.elements.push(textElement(WRITTEN_PREFIX + name, value, join(output, name)));
}

function join(output: BlockOutput, name: string): string {
  return output.path === '' ? name : `${output.path}.${name}`;
}

function isLeaf(element: SourceElement): boolean {
  return element.elements.length === 0;
}

/** White space is a value where a text may stand, and layout where a block may. */
function holdsText(element: SourceElement): boolean {
  return isLeaf(element) ? element.text !== '' : element.elements.some(holdsText);
}

function holdsBlock(element: SourceElement): boolean {
  return isLeaf(element) ? element.text.trim() !== '' : element.elements.some(holdsText);
}

function hasContent(element: SourceElement): boolean {
  return element.text.trim() !== '' || element.elements.some(hasContent);
}

function readInteger(value: string): number | undefined {
  const trimmed = value.trim();
  return /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : undefined;
}

function writeInteger(value: number, field: string): string {
  if (Number.isInteger(value) && value >= 0 && value <= MAX_INTEGER) return String(value);
  throw invalidField(field, `is ${value}, not a whole number`);
}

function readFlag(value: string): boolean | undefined {
  const word = value.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : undefined;
}
