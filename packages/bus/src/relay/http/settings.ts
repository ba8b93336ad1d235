import { z } from 'zod';

import { agencyCode } from '../../record/field.ts';
import { ROLES } from './session.ts';

/** A file of the relay's folder, or an absolute path. */
const file = z.string().min(1).max(1_000);

const url = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => !new URL(text).username && !new URL(text).password, 'must name no user');

/** `http` in relay.json. */
export const httpSettings = z.strictObject({
  /** PEM; needed outside loopback, unless the command line names others. */
  certificate: file.optional(),
  key: file.optional(),
  /** As browsers know it, when a proxy stands in front: `https://so-lieu.example.gov.vn`. */
  publicUrl: url.optional(),
  /** Addresses or networks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(20)
    .optional(),
});
export type HttpSettings = z.infer<typeof httpSettings>;

const roleRule = z.strictObject({
  /** The claim is this, or holds this among its values. */
  value: z.string().min(1).max(500),
  role: z.enum(ROLES),
  /** A fixed scope … */
  scope: agencyCode.optional(),
  /** … or the claim that says it. */
  scopeClaim: z.string().min(1).max(100).optional(),
});

/** `oidc` in relay.json. */
export const oidcSettings = z.strictObject({
  issuer: url,
  clientId: z.string().min(1).max(500),
  /** Holds the client's secret in its first line; readable for the relay's user alone. */
  secretFile: file,
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/))
    .max(20)
    .default(['openid', 'profile']),
  /** The claim that the page shows as the person's name. */
  nameClaim: z.string().min(1).max(100).default('preferred_username'),
  languageClaim: z.string().min(1).max(100).default('locale'),
  /** Which claim says the role, and what its values mean; the first rule that fits counts. */
  roles: z.strictObject({
    claim: z.string().min(1).max(100),
    rules: z.array(roleRule).min(1).max(1_000),
  }),
});
export type OidcSettings = z.infer<typeof oidcSettings>;
