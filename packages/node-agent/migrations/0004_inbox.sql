-- One row per delivery, for ever: repeats find it here, not in a time window.
CREATE TABLE incoming (
  id               TEXT    PRIMARY KEY,         -- delivery id
  sender           TEXT    NOT NULL,
  business_type    INTEGER NOT NULL,
  document_id      TEXT    NOT NULL,
  document_version INTEGER NOT NULL,
  package_digest   TEXT    NOT NULL,
  record           BLOB    NOT NULL,            -- the delivery record as received
  container        BLOB    NOT NULL,            -- the ASiC-E package as received
  summary          TEXT    NOT NULL,            -- JSON for lists: number, type, abstract, …
  verdict          TEXT    NOT NULL,            -- JSON: indications and evidence at arrival
  received_ms      INTEGER NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN ('open', 'accepted', 'refused', 'completed')),
  done_ms          INTEGER,                     -- the application has taken it over
  incoming_year    INTEGER,
  incoming_number  INTEGER,
  duplicate_count  INTEGER NOT NULL DEFAULT 0,
  UNIQUE (incoming_year, incoming_number)
) STRICT;
CREATE INDEX incoming_received ON incoming (received_ms);
CREATE INDEX incoming_open ON incoming (received_ms) WHERE done_ms IS NULL AND state = 'open';

-- The receipts this agency gave, in order.
CREATE TABLE incoming_receipt (
  incoming_id TEXT    NOT NULL REFERENCES incoming (id),
  record_id   INTEGER NOT NULL REFERENCES record (id),
  status      TEXT    NOT NULL,
  at_ms       INTEGER NOT NULL,
  actor       TEXT,
  PRIMARY KEY (incoming_id, record_id)
) STRICT, WITHOUT ROWID;

-- What failed the check: kept with its reason, answered where the sender is known, never dropped.
CREATE TABLE quarantine (
  id                  INTEGER PRIMARY KEY,
  message_sha256      TEXT    NOT NULL,
  nats_subject        TEXT    NOT NULL,
  finding             TEXT    NOT NULL,
  detail              TEXT    NOT NULL,
  claimed_from        TEXT,
  claimed_document_id TEXT,
  message_bytes       INTEGER NOT NULL,
  message             BLOB,                     -- NULL once the folder of such messages is full
  received_ms         INTEGER NOT NULL,
  refusal_record_id   INTEGER REFERENCES record (id),
  UNIQUE (nats_subject, message_sha256)
) STRICT;
