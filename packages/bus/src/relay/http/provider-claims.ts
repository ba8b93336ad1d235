import { isAgencyCode } from '../../agency/code.ts';
import { LANGUAGES, type Viewer } from './session.ts';
import type { OidcSettings } from './settings.ts';

export type Claims = Readonly<Record<string, unknown>>;

const MAX_NAME_LENGTH = 100;

/**
 * Who a person is, by what the identity provider says of them.
 *
 * @returns `null` when no rule gives a role, or when a rule wants a scope that the claims do not name:
 *   a scope that is missing never means everything.
 */
export function viewerOfClaims(claims: Claims, settings: OidcSettings): Viewer | null {
  const held = valuesOf(claimAt(claims, settings.roles.claim));
  const rule = settings.roles.rules.find(({ value }) => held.includes(value));
  if (rule === undefined) return null;
  const language = languageOfClaims(claims, settings.languageClaim);
  const who = { name: nameOf(claims, settings.nameClaim), role: rule.role, language };
  if (rule.scopeClaim === undefined) {
    const { scope } = rule;
    if (scope === undefined) return rule.role === 'agency' ? null : { ...who, scope: null };
    return { ...who, scope };
  }
  const [scope, ...others] = valuesOf(claimAt(claims, rule.scopeClaim));
  if (scope === undefined || others.length > 0 || !isAgencyCode(scope)) return null;
  return { ...who, scope };
}

/** A claim by its name, or by a path of names as `realm_access.roles`. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let at: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

function valuesOf(value: unknown): string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((one): one is string => typeof one === 'string');
}

function nameOf(claims: Claims, claim: string): string {
  const [name = ''] = [...valuesOf(claimAt(claims, claim)), ...valuesOf(claims['sub'])];
  return name.replaceAll(/[\p{Cc}\p{Cf}]/gu, '').slice(0, MAX_NAME_LENGTH);
}

function languageOfClaims(claims: Claims, claim: string): Viewer['language'] {
  const [asked = ''] = valuesOf(claimAt(claims, claim));
  return LANGUAGES.find((one) => asked.toLowerCase().startsWith(one)) ?? 'vi';
}
