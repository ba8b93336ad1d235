import { describe, expect, it } from 'vitest';

import { sendLargeFile } from './support/large-file.ts';

const MIB = 1024 * 1024;

describe('a large file between two agents', () => {
  it('arrives whole after three kills, is hardly sent twice, and never stands in memory', async () => {
    const figures = await sendLargeFile({
      fileBytes: 60 * MIB,
      bitsPerSecond: 200_000_000,
      killSenderAt: [0.3, 0.7],
      killRecipientAt: [0.5],
      timeoutMs: 60_000,
    });
    expect(figures.sha256Received).toBe(figures.sha256Sent);
    expect(figures.sentRatio).toBeLessThanOrEqual(1.02);
    expect(figures.receivedRatio).toBeLessThanOrEqual(1.02);
    expect(figures.senderRssMib).toBeLessThan(150);
    expect(figures.recipientRssMib).toBeLessThan(150);
  }, 120_000);
});
