-- Lanes apart: 50,000 ordinary messages that wait must not be read through to find an urgent one.
DROP INDEX outbox_due;
DROP INDEX outbox_urgent;
CREATE INDEX outbox_due ON outbox (lane, next_try_ms) WHERE settled_ms IS NULL;
ALTER TABLE outbox ADD COLUMN refusal_count INTEGER NOT NULL DEFAULT 0 CHECK (refusal_count >= 0);
ALTER TABLE outbox ADD COLUMN last_error TEXT;          -- of the last try that failed
ALTER TABLE outbox ADD COLUMN tried_since_ms INTEGER;   -- a person gave it another 30 days
ALTER TABLE outbox ADD COLUMN note TEXT;                -- why a person gave it up
ALTER TABLE outbox ADD COLUMN trace_id TEXT;            -- W3C trace-context, 32 hex: of the document
CREATE INDEX outbox_dead ON outbox (created_ms)
  WHERE outcome IN ('undelivered', 'refused', 'recipient-gone');

-- Bad messages per sender and day: over a limit they are only counted.
CREATE TABLE junk (
  sender TEXT    NOT NULL,
  day    TEXT    NOT NULL,                       -- YYYY-MM-DD at +07:00
  count  INTEGER NOT NULL,
  PRIMARY KEY (sender, day)
) STRICT, WITHOUT ROWID;

-- The highest report that each relay is known to hold. More than this database has: it is an older
-- copy that was put back, and what it lacks must be learned before anything is numbered.
ALTER TABLE watermark ADD COLUMN relay_has INTEGER NOT NULL DEFAULT 0;

-- Incoming numbers that were given before this copy was put back; their documents are not here.
CREATE TABLE used_incoming_number (
  year        INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  sender      TEXT    NOT NULL,
  document_id TEXT    NOT NULL,
  PRIMARY KEY (year, number)
) STRICT, WITHOUT ROWID;
