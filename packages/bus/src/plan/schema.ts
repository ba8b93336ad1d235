import * as z from 'zod';

import { isAgencyCode } from '../agency/code.ts';
import { isSite } from '../agency/tier.ts';
import { MAX_NETWORKS_PER_SITE, isNetwork } from '../operator/networks.ts';
import { parseSize } from './size.ts';

const MAX_SERVERS = 1_000;

const port = z.int().min(1).max(65_535);
const size = z.string().transform((text, context) => {
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  context.addIssue({ code: 'custom', message: 'must be a size such as 500GB or 64GiB' });
  return z.NEVER;
});
const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be small letters, digits and "-"');
const host = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/, 'must be a host name or an address');
const address = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,253}:\d{1,5}$/, 'must be host:port');
const folder = z
  .string()
  .regex(/^\/[^\0\n"']*$/, 'must be an absolute path without quotes')
  .refine((path) => !path.split('/').includes('..'), 'must not hold ".."');
const site = z.string().refine(isSite, 'must be a site such as H09 or TW');
const agency = z.string().refine(isAgencyCode, 'must be an agency code such as A00');

/** Where the agencies of a site may connect from; none: from anywhere. */
const networks = z
  .array(z.string().refine(isNetwork, 'must be a network such as 10.1.0.0/16 or 2001:db8::/32'))
  .max(MAX_NETWORKS_PER_SITE)
  .default([]);

const serverSchema = z.strictObject({
  name,
  host,
  /** What it listens on, when that is not every address. */
  listen: host.optional(),
  client: port.default(4222),
  cluster: port.default(6222),
  leaf: port.default(7422),
  monitor: port.default(8222),
  data: folder.default('/var/lib/congvan/nats'),
  /** The disk that `data` stands on. */
  disk: size,
  /** What JetStream may take of it; the default is 70 %. */
  store: size.optional(),
});
export type ServerDescription = z.infer<typeof serverSchema>;

const servers = z.array(serverSchema).max(MAX_SERVERS);
/** Three for a cluster that outlives one of them; two would lose the majority with either. */
const clusterServers = servers.refine(
  (list) => list.length === 1 || list.length === 3,
  'must be one server, or three in a cluster',
);

const siteLimits = z.strictObject({
  inbox: size.optional(),
  outbox: size.optional(),
  report: size.optional(),
  blob: size.optional(),
  directory: size.optional(),
});
const centreLimits = z.strictObject({
  exchange: size.optional(),
  reports: size.optional(),
  blob: size.optional(),
  directory: size.optional(),
});
const tls = z.strictObject({ ca: folder, cert: folder, key: folder });
const relay = z.strictObject({
  code: agency,
  site,
  /** `all`: the reports of every site; `site`: those of its own. */
  reads: z.enum(['all', 'site']).default('all'),
});

const common = {
  name,
  /** The release of nats-server that runs there; it decides which settings are known. */
  server: z.string().regex(/^\d+\.\d+\.\d+$/, 'must be a version such as 2.14.3'),
  /** `always`: each write is on the disk before it is acknowledged, where the server knows how. */
  sync: z.enum(['always', 'timer']).default('always'),
  /** Where secrets and certificates stand on each server. */
  config: folder.default('/etc/congvan'),
  tls: tls.optional(),
  relays: z.array(relay).max(MAX_SERVERS).default([]),
};

const flatSchema = z.strictObject({
  ...common,
  plan: z.literal('flat'),
  servers: clusterServers,
  sites: z
    .array(z.strictObject({ code: site, networks }))
    .min(1)
    .max(MAX_SERVERS),
  limits: siteLimits.default({}),
});

const federatedSchema = z.strictObject({
  ...common,
  plan: z.literal('federated'),
  centre: z.strictObject({
    servers: clusterServers,
    limits: centreLimits.default({}),
    /** `false`: leaf servers stay on the addresses given here, also behind address translation. */
    advertise: z.boolean().default(true),
  }),
  sites: z
    .array(
      z.strictObject({
        code: site,
        networks,
        servers: clusterServers,
        limits: siteLimits.default({}),
        /** The centre's leaf addresses as seen from there, when they are not those of its servers. */
        centre: z.array(address).min(1).max(9).optional(),
      }),
    )
    .min(1)
    .max(MAX_SERVERS),
});

export const descriptionSchema = z.discriminatedUnion('plan', [flatSchema, federatedSchema]);
export type BusDescription = z.infer<typeof descriptionSchema>;
