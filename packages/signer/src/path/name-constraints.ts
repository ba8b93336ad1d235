import { OID } from '../der/index.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { isWithinSubtree } from '../x509/name.ts';

/** Name constraints collected on the way down a path (RFC 5280 §6.1.1 (b), (c)). */
export class NameConstraintState {
  /** One list per certificate that permits something: a name must fit every list of its form. */
  private readonly permitted: (readonly GeneralName[])[] = [];
  private readonly excluded: GeneralName[] = [];

  add(constraints: NameConstraints | undefined): void {
    if (constraints === undefined) return;
    if (constraints.permitted.length > 0) this.permitted.push(constraints.permitted);
    this.excluded.push(...constraints.excluded);
  }

  /** Describes the first name of the certificate that is not allowed. */
  objection(certificate: Certificate): string | undefined {
    if (this.permitted.length === 0 && this.excluded.length === 0) return undefined;
    for (const name of namesOf(certificate)) {
      if (this.excluded.some((base) => fits(name, base) !== false)) {
        return `${describe(name)} is excluded by a name constraint`;
      }
      for (const bases of this.permitted) {
        const sameForm = bases.filter((base) => isSameForm(name, base));
        if (sameForm.length > 0 && !sameForm.some((base) => fits(name, base) === true)) {
          return `${describe(name)} is outside the permitted names`;
        }
      }
    }
    return undefined;
  }
}

function* namesOf(certificate: Certificate): Generator<GeneralName> {
  const { subject, subjectAltNames } = certificate;
  if (subject.rdns.length > 0) yield { kind: 'directory', name: subject };
  for (const { type, text } of subject.rdns.flat()) {
    if (type === OID.emailAddress) yield { kind: 'email', text: text ?? '' };
  }
  yield* subjectAltNames ?? [];
}

function describe(name: GeneralName): string {
  switch (name.kind) {
    case 'directory':
      return 'the directory name';
    case 'ip':
      return 'the IP address';
    case 'other':
      return 'a name of another form';
    default:
      return `the ${name.kind} name '${name.text.slice(0, 100)}'`;
  }
}

function isSameForm(name: GeneralName, base: GeneralName): boolean {
  if (name.kind === 'other') return base.kind === 'other' && base.tag === name.tag;
  return name.kind === base.kind;
}

/** True inside the subtree, false outside or of another form, `undefined` when it cannot be told. */
function fits(name: GeneralName, base: GeneralName): boolean | undefined {
  if (!isSameForm(name, base)) return false;
  if (name.kind === 'directory' && base.kind === 'directory') {
    return isWithinSubtree(name.name, base.name);
  }
  if (name.kind === 'ip' && base.kind === 'ip') return ipFits(name.bytes, base.bytes);
  if (name.kind === 'email' && base.kind === 'email') return emailFits(name.text, base.text);
  if (name.kind === 'dns' && base.kind === 'dns') return hostFits(name.text, base.text, true);
  if (name.kind === 'uri' && base.kind === 'uri') return uriFits(name.text, base.text);
  return undefined;
}

/** Host inside a domain: `.a.b` means below it, `a.b` means it (and below it, for DNS names). */
function hostFits(host: string, base: string, orBelow: boolean): boolean {
  const lowerHost = host.toLowerCase();
  const lowerBase = base.toLowerCase();
  if (lowerBase === '') return true;
  if (lowerBase.startsWith('.')) return lowerHost.endsWith(lowerBase);
  return lowerHost === lowerBase || (orBelow && lowerHost.endsWith(`.${lowerBase}`));
}

function emailFits(mailbox: string, base: string): boolean | undefined {
  const at = mailbox.lastIndexOf('@');
  if (at < 1 || at === mailbox.length - 1) return undefined;
  const local = mailbox.slice(0, at);
  const host = mailbox.slice(at + 1);
  const baseAt = base.lastIndexOf('@');
  if (baseAt >= 0) {
    return local === base.slice(0, baseAt) && hostFits(host, base.slice(baseAt + 1), false);
  }
  return hostFits(host, base, false);
}

function uriFits(uri: string, base: string): boolean | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#]+)/i.exec(uri)?.[1];
  // A URI without a host, or with an address for one, cannot be judged (RFC 5280 §4.2.1.10).
  if (host === undefined || host.startsWith('[') || /^[\d.]+$/.test(host)) return undefined;
  return hostFits(host, base, false);
}

function ipFits(address: Uint8Array, base: Uint8Array): boolean | undefined {
  if (address.length !== 4 && address.length !== 16) return undefined;
  if (base.length !== 8 && base.length !== 32) return undefined;
  if (base.length !== address.length * 2) return false;
  return address.every((byte, index) => {
    const mask = base[address.length + index] ?? 0;
    return (byte & mask) === ((base[index] ?? 0) & mask);
  });
}
