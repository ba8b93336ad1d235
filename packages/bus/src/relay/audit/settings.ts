import { z } from 'zod';

/** `publication` in relay.json. */
export const publicationSettings = z.strictObject({
  /** A month is closed so many days after its end; 10 unless told. */
  closeAfterDays: z.int().min(1).max(90).optional(),
});
export type PublicationSettings = z.infer<typeof publicationSettings>;
