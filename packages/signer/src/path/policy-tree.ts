import { OID } from '../der/index.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Trees with more nodes are refused: crafted mappings make them grow exponentially. */
const MAX_POLICY_NODES = 1_000;

interface PolicyNode {
  readonly policy: string;
  expected: ReadonlySet<string>;
  readonly parent: PolicyNode | undefined;
  childCount: number;
}

/** What the verifier asks of certificate policies (RFC 5280 §6.1.1 (c), (e), (f), (g)). */
export interface PolicyOptions {
  /** Acceptable policies; left out: any. */
  readonly acceptable?: readonly string[];
  readonly requireExplicitPolicy?: boolean;
  readonly inhibitPolicyMapping?: boolean;
  readonly inhibitAnyPolicy?: boolean;
}

/** The valid_policy_tree and the three counters of RFC 5280 §6.1.2. */
export class PolicyState {
  private readonly options: PolicyOptions;
  /** Nodes per depth; no levels left means that the tree is NULL. */
  private levels: PolicyNode[][];
  private nodeCount = 1;
  private explicitPolicy: number;
  private policyMapping: number;
  private anyPolicy: number;

  constructor(pathLength: number, options: PolicyOptions) {
    this.options = options;
    const root = { policy: OID.anyPolicy, expected: new Set([OID.anyPolicy]) };
    this.levels = [[{ ...root, parent: undefined, childCount: 0 }]];
    this.explicitPolicy = options.requireExplicitPolicy ? 0 : pathLength + 1;
    this.policyMapping = options.inhibitPolicyMapping ? 0 : pathLength + 1;
    this.anyPolicy = options.inhibitAnyPolicy ? 0 : pathLength + 1;
  }

  /** §6.1.3 (d)–(f). Returns what is wrong. */
  process(certificate: Certificate, isLast: boolean): string | undefined {
    const policies = certificate.policies?.map(({ oid }) => oid);
    if (policies === undefined) this.levels = [];
    else if (this.levels.length > 0) {
      const anyAllowed = this.anyPolicy > 0 || (!isLast && certificate.isSelfIssued);
      this.grow(policies, anyAllowed);
    }
    if (this.nodeCount > MAX_POLICY_NODES) return 'the policy tree is too large';
    if (this.explicitPolicy === 0 && this.levels.length === 0) {
      return 'no acceptable certificate policy';
    }
    return undefined;
  }

  private grow(policies: readonly string[], anyAllowed: boolean): void {
    const above = this.levels.at(-1) ?? [];
    const level: PolicyNode[] = [];
    for (const policy of policies.filter((oid) => oid !== OID.anyPolicy)) {
      let parents = above.filter(({ expected }) => expected.has(policy));
      if (parents.length === 0) parents = above.filter((node) => node.policy === OID.anyPolicy);
      for (const parent of parents) this.addChild(level, parent, policy, new Set([policy]));
    }
    if (anyAllowed && policies.includes(OID.anyPolicy)) {
      for (const parent of above) {
        for (const policy of parent.expected) {
          const exists = level.some((node) => node.parent === parent && node.policy === policy);
          if (!exists) this.addChild(level, parent, policy, new Set([policy]));
        }
      }
    }
    this.levels.push(level);
    this.prune();
  }

  private addChild(
    level: PolicyNode[],
    parent: PolicyNode,
    policy: string,
    expected: ReadonlySet<string>,
  ): void {
    if (this.nodeCount > MAX_POLICY_NODES) return;
    level.push({ policy, expected, parent, childCount: 0 });
    parent.childCount += 1;
    this.nodeCount += 1;
  }

  /** Drops nodes above the last level that have no children. */
  private prune(): void {
    for (let depth = this.levels.length - 2; depth >= 0; depth -= 1) {
      this.levels[depth] = (this.levels[depth] ?? []).filter((node) => {
        if (node.childCount > 0) return true;
        if (node.parent !== undefined) node.parent.childCount -= 1;
        return false;
      });
    }
    if ((this.levels.at(-1) ?? []).length === 0) this.levels = [];
  }

  /** §6.1.4 (a), (b), (h)–(j): before the next certificate. Returns what is wrong. */
  prepareNext(certificate: Certificate): string | undefined {
    const mappings = certificate.policyMappings ?? [];
    if (mappings.some((pair) => pair.includes(OID.anyPolicy))) {
      return 'a policy mapping names anyPolicy';
    }
    if (this.levels.length > 0) this.map(mappings);
    if (this.nodeCount > MAX_POLICY_NODES) return 'the policy tree is too large';
    if (!certificate.isSelfIssued) {
      this.explicitPolicy = Math.max(0, this.explicitPolicy - 1);
      this.policyMapping = Math.max(0, this.policyMapping - 1);
      this.anyPolicy = Math.max(0, this.anyPolicy - 1);
    }
    const { policyConstraints, inhibitAnyPolicy } = certificate;
    const { requireExplicitPolicy = Infinity, inhibitPolicyMapping = Infinity } =
      policyConstraints ?? {};
    this.explicitPolicy = Math.min(this.explicitPolicy, requireExplicitPolicy);
    this.policyMapping = Math.min(this.policyMapping, inhibitPolicyMapping);
    this.anyPolicy = Math.min(this.anyPolicy, inhibitAnyPolicy ?? Infinity);
    return undefined;
  }

  private map(mappings: readonly (readonly [string, string])[]): void {
    const level = this.levels.at(-1) ?? [];
    const byIssuer = Map.groupBy(mappings, ([issuerPolicy]) => issuerPolicy);
    for (const [issuerPolicy, pairs] of byIssuer) {
      const nodes = level.filter(({ policy }) => policy === issuerPolicy);
      const expected = new Set(pairs.map(([, subjectPolicy]) => subjectPolicy));
      if (this.policyMapping === 0) {
        for (const node of nodes) {
          level.splice(level.indexOf(node), 1);
          if (node.parent !== undefined) node.parent.childCount -= 1;
        }
      } else if (nodes.length > 0) {
        for (const node of nodes) node.expected = expected;
      } else {
        const any = level.find(({ policy }) => policy === OID.anyPolicy);
        if (any?.parent !== undefined) this.addChild(level, any.parent, issuerPolicy, expected);
      }
    }
    this.prune();
  }

  /** §6.1.5 (a), (b), (g): after the last certificate. Returns what is wrong. */
  finish(certificate: Certificate): string | undefined {
    this.explicitPolicy = Math.max(0, this.explicitPolicy - 1);
    if (certificate.policyConstraints?.requireExplicitPolicy === 0) this.explicitPolicy = 0;
    if (this.explicitPolicy > 0 || this.hasAcceptablePolicy()) return undefined;
    return 'no acceptable certificate policy';
  }

  private hasAcceptablePolicy(): boolean {
    const acceptable = this.options.acceptable;
    const leaves = this.levels.at(-1) ?? [];
    if (acceptable === undefined) return leaves.length > 0;
    return leaves.some((leaf) => {
      // The policy in the anchor's domain: the topmost node that is not anyPolicy.
      let domain: PolicyNode | undefined;
      for (let node: PolicyNode | undefined = leaf; node !== undefined; node = node.parent) {
        if (node.policy !== OID.anyPolicy) domain = node;
      }
      return domain === undefined ? acceptable.length > 0 : acceptable.includes(domain.policy);
    });
  }
}
