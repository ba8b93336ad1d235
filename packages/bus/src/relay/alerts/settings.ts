import { z } from 'zod';

const share = z.number().min(0).max(1);
const days = z.int().min(1).max(3_650);

/** `alerts` in relay.json: from when on something is worth an alert. Everything has a default. */
export const alertSettings = z.strictObject({
  /** Working days without a report, per tier. */
  silentWorkingDays: z
    .strictObject({
      central: days.default(2),
      province: days.default(2),
      district: days.default(3),
      commune: days.default(5),
    })
    .prefault({}),
  /** Days that nobody works although they are no Saturday or Sunday, `YYYY-MM-DD`. */
  holidays: z.array(z.iso.date()).max(1_000).default([]),
  /** Agencies that wait for the word that their reports are in. */
  backlogWatermarks: z.int().min(1).default(500),
  /** Reports that the broker has for the relay; at full rate so many take half a minute. */
  backlogReports: z.int().min(1).default(50_000),
  /** Minutes between the storing of a report at the broker and its arrival here. */
  backlogMinutes: z.int().min(1).default(15),
  certificateDays: days.default(30),
  /** Minutes that an agency's clock may differ. */
  clockMinutes: z.int().min(1).default(5),
  /** Part of the disk that is free. */
  diskFree: share.default(0.1),
  /** MiB of the database's log (WAL) that has not gone to the file. */
  logMib: z.int().min(1).default(1_024),
  /** Documents of an agency in a month below which its share says nothing. */
  shareDocuments: z.int().min(1).default(20),
  /** Days that a contradiction is worth an alert. */
  contradictionDays: days.default(7),
  /** Missing numbers of an agency more than a week before. */
  gapGrowth: z.int().min(1).default(10),
});
export type AlertSettings = z.infer<typeof alertSettings>;

const webhookSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .refine((text) => !new URL(text).username && !new URL(text).password, 'must name no user'),
  /** Signs what is sent; its first line, readable for the relay's user alone. */
  secretFile: z.string().min(1).max(1_000),
  /** An address inside the own network; without it, such addresses are refused. */
  privateNetwork: z.boolean().default(false),
});
export const webhooksSettings = z.array(webhookSettings).max(10);
export type WebhookSettings = z.infer<typeof webhookSettings>;
