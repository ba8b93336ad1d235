import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { DirectoryEntry } from '../../directory/entry.ts';
import type { RelayConfig } from '../home.ts';
import { httpFailed } from '../http/address.ts';
import type { RelayLog } from '../log.ts';
import { AlertStore } from '../storage/alert-store.ts';
import type { Db } from '../storage/database.ts';
import { DirectoryStore } from '../storage/directory-store.ts';
import { readCertificateEnds } from './certificates.ts';
import type { AllShares } from './month-shares.ts';
import { alertSettings } from './settings.ts';
import { AlertWatch, type AlertWatchOptions } from './watch.ts';
import { type Webhook, Webhooks } from './webhook.ts';

export interface OpenAlertsOptions {
  readonly db: Db;
  readonly home: string;
  readonly config: RelayConfig;
  readonly hooks: readonly Webhook[];
  readonly figures: AllShares;
  readonly status: AlertWatchOptions['status'];
  readonly lookup: (code: string) => DirectoryEntry | undefined;
  readonly now: () => Date;
  readonly log: RelayLog;
}

/** The alerts of a running relay. @throws {@link BusError} `BUS_HTTP_FAILED` for a webhook. */
export function openAlertWatch(options: OpenAlertsOptions): AlertWatch {
  const { db, home, config, hooks, figures, status, lookup, now, log } = options;
  const store = new AlertStore(db);
  const directory = new DirectoryStore(db);
  const certificate = config.http?.certificate;
  const httpCertificate = certificate === undefined ? undefined : resolve(home, certificate);
  return new AlertWatch({
    store,
    settings: config.alerts ?? alertSettings.parse({}),
    figures,
    targets: config.targets ?? {},
    webhooks: new Webhooks({ store, hooks, relay: config.code, now, log }),
    home,
    status,
    certificates: async () => {
      const codes = [...directory.agencies().map(({ code }) => code), config.code];
      const entries = codes.flatMap((code) => lookup(code) ?? []);
      return await readCertificateEnds(entries, config.code, httpCertificate, now());
    },
    now,
    log,
  });
}

/** Webhooks with their secrets. @throws {@link BusError} `BUS_HTTP_FAILED`. */
export async function readWebhooks(home: string, config: RelayConfig): Promise<Webhook[]> {
  return await Promise.all(
    (config.webhooks ?? []).map(async ({ url, secretFile, privateNetwork }) => {
      const file = resolve(home, secretFile);
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw httpFailed(`cannot read ${file}`, cause);
      });
      const [secret = ''] = text.split(/\r?\n/, 1);
      if (secret === '') throw httpFailed(`${file} holds no secret in its first line`);
      return { url, secret, privateNetwork };
    }),
  );
}
