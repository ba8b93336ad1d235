import type { Indication } from '../../../src/verdict.ts';
import type { Victim } from '../victim.ts';

/** The rules that must stop forgeries, by a short name; docs/explanation/what-we-check.md has reasons. */
export const RULES = {
  range: '/ByteRange is four integers, from 0, around one gap, to the end of a revision',
  gap: 'the gap is exactly the hexadecimal /Contents; behind the CMS stand only zero bytes',
  dictionary: 'the signature is an object of its own, inside its range, of one field, no key twice',
  digest: 'the covered bytes are those that were signed',
  message: 'one signer, signed attributes in order, algorithms that agree and are not weak',
  certificate: 'the certificate is the one the message names, and its path leads to an anchor',
  time: 'a time counts only from a trusted time-stamp over these very bytes',
  evidence: 'certificates, CRLs and OCSP responses of the file count only by their own signatures',
  chain: 'the newest revision builds on every signed one; no signature gets lost',
  xref: 'each object stands once per revision, outside signed bytes, for all readers alike',
  readers:
    'no later revision makes a viewer search the file, or holds what only such a search finds',
  stray: 'all bytes after a signature belong to objects',
  catalog: 'the catalog keeps its pages, names, actions and layers',
  fields: 'the form gets nothing but signatures that verify',
  object: 'no object that can be seen or used changes or vanishes',
  annotations: 'pages get no annotations but those of signatures, and keep the order of theirs',
  dangling: 'a new object fills no reference that was signed empty',
  widget: 'a later signature brings no action and does not cover its page',
  permission: 'DocMDP and FieldMDP hold',
} as const;

export type Rule = keyof typeof RULES;

/** A forged file, the rule that must stop it, and the verdict it must get. */
export interface Attack {
  readonly name: string;
  readonly rule: Rule;
  readonly verdict: Exclude<Indication, 'TOTAL-PASSED'>;
  readonly forge: (victim: Victim) => Uint8Array | Promise<Uint8Array>;
  /** Must stand in what the report says. */
  readonly says: RegExp;
}
