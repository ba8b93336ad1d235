import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTrustStore, parseCertificate, parseCrl, validatePath } from '../src/index.ts';

const folder = path.resolve(import.meta.dirname, '../../../../shared/vectors/nist_pkits');

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

/** Valid paths that are refused on purpose: DSA (with SHA-1) is not accepted anywhere. */
const REFUSED_ON_PURPOSE = ['40104', '40105'];

function run(test: Case): boolean {
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
  const trust = createTrustStore({
    anchors: [certificate('TrustAnchorRootCertificate.crt')],
    crls: parsed(['TrustAnchorRootCRL.crl', ...(test.crls ?? [])], crl),
  });
  const extra = parsed(
    [...(test.other_certs ?? []), ...(test.path_intermediates ?? [])],
    certificate,
  );
  try {
    const verdict = validatePath(certificate(test.cert), {
      trust,
      at: new Date('2024-01-01T00:00:00Z'),
      extra,
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
  it('accepts no invalid path and refuses no valid one but those named', () => {
    const cases = JSON.parse(readFileSync(path.join(folder, 'pkits.json'), 'utf8')) as Case[];
    const wronglyAccepted: string[] = [];
    const wronglyRefused: string[] = [];
    for (const test of cases) {
      const accepted = run(test);
      if (accepted && test.error !== undefined) wronglyAccepted.push(`${test.id} ${test.name}`);
      if (!accepted && test.error === undefined) wronglyRefused.push(test.id);
    }
    expect(cases).toHaveLength(246);
    expect(wronglyAccepted).toEqual([]);
    expect(wronglyRefused).toEqual(REFUSED_ON_PURPOSE);
  });
});
