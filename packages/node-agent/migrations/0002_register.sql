-- The outgoing register (Decree 30/2020 Art. 15): one number sequence a year, shared by paper and
-- electronic documents. *_ms: UTC milliseconds since 1970-01-01.
CREATE TABLE register_entry (
  id              INTEGER PRIMARY KEY,
  year            INTEGER NOT NULL,
  number          INTEGER NOT NULL CHECK (number > 0),
  notation        TEXT    NOT NULL,
  issued_on       TEXT    NOT NULL,             -- YYYY-MM-DD at +07:00
  medium          TEXT    NOT NULL CHECK (medium IN ('electronic', 'paper')),
  state           TEXT    NOT NULL CHECK (state IN ('reserved', 'issued', 'void')),
  document_id     TEXT    NOT NULL UNIQUE,
  document_type   TEXT    NOT NULL,
  abstract        TEXT    NOT NULL,
  actor           TEXT,
  idempotency_key TEXT    NOT NULL UNIQUE,
  request_sha256  TEXT    NOT NULL,             -- the same key must mean the same request
  reserved_ms     INTEGER NOT NULL,
  settled_ms      INTEGER,
  void_reason     TEXT,
  UNIQUE (year, number),
  CHECK ((state = 'reserved') = (settled_ms IS NULL)),
  CHECK ((state = 'void') = (void_reason IS NOT NULL))
) STRICT;

-- A package is named by the SHA-256 of its ASiCManifest; its bytes stand here once.
CREATE TABLE package (
  id          INTEGER PRIMARY KEY,
  register_id INTEGER NOT NULL UNIQUE REFERENCES register_entry (id),
  digest      TEXT    NOT NULL UNIQUE,
  container   BLOB    NOT NULL,                 -- ASiC-E, byte for byte what travels
  priority    INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
  paper_to    TEXT    NOT NULL                  -- JSON: names of recipients served by paper only
) STRICT;

CREATE TABLE delivery (
  id         TEXT    PRIMARY KEY,               -- delivery id, also the id of its outbox row
  package_id INTEGER NOT NULL REFERENCES package (id),
  digest     TEXT    NOT NULL,                  -- of the package: receipts are compared with it
  recipient  TEXT    NOT NULL,
  mode       TEXT    NOT NULL CHECK (mode IN ('E', 'E+P')),
  UNIQUE (package_id, recipient)
) STRICT;

-- Receipts of the recipients, as signed.
CREATE TABLE delivery_receipt (
  delivery_id    TEXT    NOT NULL REFERENCES delivery (id),
  payload_sha256 TEXT    NOT NULL,
  status         TEXT    NOT NULL,
  at_ms          INTEGER NOT NULL,              -- what the recipient states
  received_ms    INTEGER NOT NULL,
  record         BLOB    NOT NULL,
  PRIMARY KEY (delivery_id, payload_sha256)
) STRICT, WITHOUT ROWID;
