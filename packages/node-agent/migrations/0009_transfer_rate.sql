-- What a clerk's command shows of a transfer that the agent runs in another process.
ALTER TABLE upload ADD COLUMN bytes_per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE upload ADD COLUMN waits_for TEXT;           -- a code: why the last try ended
ALTER TABLE download ADD COLUMN bytes_per_second INTEGER NOT NULL DEFAULT 0;
