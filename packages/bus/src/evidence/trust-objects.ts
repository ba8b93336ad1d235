import type { TrustStore } from '@congvan/signer';

import type { ValidationObject } from '../sqlite/index.ts';

const byStore = new WeakMap<TrustStore, ReadonlyMap<string, ValidationObject>>();

/** What a trust store holds, by SHA-256 in lower hex. A store never changes: it is listed once. */
export function trustObjects(trust: TrustStore): ReadonlyMap<string, ValidationObject> {
  let objects = byStore.get(trust);
  if (objects === undefined) {
    const { anchors, intermediates, crls, ocsps } = trust;
    const all: ValidationObject[] = [
      ...[...anchors, ...intermediates].map((one) => ({
        kind: 'certificate' as const,
        ...of(one),
      })),
      ...crls.map((one) => ({ kind: 'crl' as const, ...of(one) })),
      ...ocsps.map((one) => ({ kind: 'ocsp' as const, ...of(one) })),
    ];
    objects = new Map(all.map((object) => [object.sha256, object]));
    byStore.set(trust, objects);
  }
  return objects;
}

function of({ sha256, der }: { sha256: string; der: Uint8Array }): Omit<ValidationObject, 'kind'> {
  return { sha256, der };
}
