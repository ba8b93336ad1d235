import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTrustStore, parseCertificate, parseCrl, validatePath } from '../../src/index.ts';

const folder = path.resolve(import.meta.dirname, '../../../../../shared/vectors/nist_pkits');

interface Case {
  readonly id: string;
  readonly name: string;
  readonly cert: string;
  readonly other_certs?: readonly string[];
  readonly path_intermediates?: readonly string[];
  readonly crls?: readonly string[];
  readonly error?: unknown;
  readonly params?: {
    readonly user_initial_policy_set?: readonly string[];
    readonly initial_explicit_policy?: boolean;
    readonly initial_policy_mapping_inhibit?: boolean;
    readonly initial_any_policy_inhibit?: boolean;
  };
}

/** The misses: valid paths that are refused on purpose, by id, with the reason. No path is missed otherwise. */
const REFUSED_ON_PURPOSE: Readonly<Record<string, string>> = {
  '40104': 'signed with DSA and SHA-1, which are accepted nowhere here',
  '40105': 'DSA again, with parameters inherited from the issuer',
};

/** Whether CRLs and helper certificates stand in the trust store or come with a message. */
type Place = 'store' | 'message';

function run(test: Case, place: Place): boolean {
  const certificate = (name: string) =>
    parseCertificate(readFileSync(path.join(folder, 'certs', name)));
  const crl = (name: string) => parseCrl(readFileSync(path.join(folder, 'crls', name)));
  const parsed = <T>(names: readonly string[], parse: (name: string) => T): T[] =>
    names.flatMap((name) => {
      try {
        return [parse(name)];
      } catch {
        return []; // an unreadable helper certificate or list is as good as absent
      }
    });
  const { params = {} } = test;
  const anchors = [certificate('TrustAnchorRootCertificate.crt')];
  const crls = parsed(['TrustAnchorRootCRL.crl', ...(test.crls ?? [])], crl);
  const certificates = parsed(
    [...(test.other_certs ?? []), ...(test.path_intermediates ?? [])],
    certificate,
  );
  const offered =
    place === 'store'
      ? { trust: createTrustStore({ anchors, crls }), extra: certificates }
      : { trust: createTrustStore({ anchors }), data: { certificates, crls, ocsps: [] } };
  try {
    const verdict = validatePath(certificate(test.cert), {
      ...offered,
      at: new Date('2024-01-01T00:00:00Z'),
      purpose: 'any', // some targets are CA certificates
      revocation: 'require',
      policies: {
        ...(params.user_initial_policy_set && { acceptable: params.user_initial_policy_set }),
        requireExplicitPolicy: params.initial_explicit_policy ?? false,
        inhibitPolicyMapping: params.initial_policy_mapping_inhibit ?? false,
        inhibitAnyPolicy: params.initial_any_policy_inhibit ?? false,
      },
    });
    return verdict.indication === 'TOTAL-PASSED';
  } catch {
    return false;
  }
}

describe.skipIf(!existsSync(folder))('NIST PKITS (needs ../shared/vectors/nist_pkits)', () => {
  it.each([
    ['its CRLs in the trust store', 'store'],
    ['its CRLs in the message', 'message'],
  ] as const)('accepts no invalid path, refuses no valid one but those named: %s', (_, place) => {
    const cases = JSON.parse(readFileSync(path.join(folder, 'pkits.json'), 'utf8')) as Case[];
    const wronglyAccepted: string[] = [];
    const wronglyRefused: string[] = [];
    for (const test of cases) {
      const accepted = run(test, place);
      if (accepted && test.error !== undefined) wronglyAccepted.push(`${test.id} ${test.name}`);
      if (!accepted && test.error === undefined) wronglyRefused.push(test.id);
    }
    expect(cases).toHaveLength(246);
    expect(wronglyAccepted).toEqual([]);
    expect(wronglyRefused).toEqual(Object.keys(REFUSED_ON_PURPOSE));
  });
});
