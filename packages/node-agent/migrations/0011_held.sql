-- Messages that cannot be judged yet: without a fresh revocation list, without the directory, without
-- the own key, or while their sender's contents are still being fetched. Kept here, not left with the
-- broker, so that one sender does not use up the acknowledgements of a lane (ADR 0004).
CREATE TABLE held (
  id             INTEGER PRIMARY KEY,
  nats_subject   TEXT    NOT NULL,
  message_sha256 TEXT    NOT NULL,
  data           BLOB    NOT NULL,
  message_bytes  INTEGER NOT NULL,
  stored_ms      INTEGER NOT NULL,              -- when the broker stored it: certificates are judged then
  stream_seq     INTEGER NOT NULL,
  sender         TEXT    NOT NULL,              -- as the subject says; unproven
  lacks          TEXT    NOT NULL CHECK (lacks IN ('revocation', 'directory', 'key', 'turn')),
  reason         TEXT    NOT NULL,
  held_ms        INTEGER NOT NULL,
  attempt_count  INTEGER NOT NULL DEFAULT 0,
  failed_count   INTEGER NOT NULL DEFAULT 0,    -- checks that ended with an error of their own
  next_try_ms    INTEGER NOT NULL,
  UNIQUE (nats_subject, message_sha256)
) STRICT;
CREATE INDEX held_due ON held (next_try_ms);
CREATE INDEX held_sender ON held (sender);
