-- What the relay found wrong, from when it was first seen until it was right again. *_ms: UTC
-- milliseconds since 1970. Nothing here counts in a figure.
CREATE TABLE alert (
  id        INTEGER PRIMARY KEY,
  code      TEXT    NOT NULL,
  key       TEXT    NOT NULL,                    -- what it is about among the alerts of its code
  agency    TEXT,                                -- NULL: the relay itself
  severity  TEXT    NOT NULL CHECK (severity IN ('warning', 'critical')),
  values_json TEXT  NOT NULL,                    -- what its sentence is made of
  opened_ms INTEGER NOT NULL,
  closed_ms INTEGER                              -- NULL while it stands
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (code, key) WHERE closed_ms IS NULL;
CREATE INDEX alert_agency ON alert (agency, id);

-- Messages that wait for a webhook; a row leaves when it is taken, or when it is too old.
CREATE TABLE webhook_message (
  id         INTEGER PRIMARY KEY,
  url        TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  created_ms INTEGER NOT NULL,
  try_count  INTEGER NOT NULL DEFAULT 0,
  next_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_message_due ON webhook_message (url, next_ms);

-- Missing numbers of an agency at the start of a day, to see whether they grow.
CREATE TABLE alert_gap_day (
  agency  TEXT    NOT NULL,
  day     TEXT    NOT NULL,                      -- YYYY-MM-DD at +07:00
  missing INTEGER NOT NULL,
  PRIMARY KEY (agency, day)
) STRICT, WITHOUT ROWID;
