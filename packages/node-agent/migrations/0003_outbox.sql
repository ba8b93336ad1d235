-- Every record this agency signs. The payload is fixed with the act that it tells of; the node key
-- signs it before it leaves, so that a clerk's command needs no node key. Report records form the
-- agency's chain: numbers without gaps, each naming the payload hash of the one before.
CREATE TABLE record (
  id             INTEGER PRIMARY KEY,
  type           TEXT    NOT NULL CHECK (type IN ('delivery', 'receipt', 'report')),
  payload        BLOB    NOT NULL,
  payload_sha256 TEXT    NOT NULL,
  signed         BLOB,                          -- the whole frame; NULL until signed
  report_number  INTEGER UNIQUE CHECK (report_number > 0),
  CHECK ((type = 'report') = (report_number IS NOT NULL))
) STRICT;

-- What waits to leave. A PubAck is not a disk: a document's row stays until the
-- recipient's signed receipt is in, a report's until the relay's watermark has passed it, a
-- receipt's until the broker has confirmed it twice, further apart than it flushes to disk.
CREATE TABLE outbox (
  message_id    TEXT    PRIMARY KEY,            -- of the row; on the wire the signed record goes in too
  purpose       TEXT    NOT NULL CHECK (purpose IN ('document', 'receipt', 'report')),
  record_id     INTEGER NOT NULL REFERENCES record (id),
  package_id    INTEGER REFERENCES package (id),
  recipient     TEXT    NOT NULL,               -- agency code; '' for the relays
  lane          TEXT    NOT NULL CHECK (lane IN ('urgent', 'normal')),
  created_ms    INTEGER NOT NULL,
  attempt_count INTEGER NOT NULL DEFAULT 0 CHECK (attempt_count >= 0),
  next_try_ms   INTEGER NOT NULL,
  stream_seq    INTEGER CHECK (stream_seq > 0), -- of the last PubAck; NULL until acknowledged
  settled_ms    INTEGER,
  outcome       TEXT,                           -- receipted, confirmed, watermarked, undelivered
  CHECK ((purpose = 'document') = (package_id IS NOT NULL)),
  CHECK ((settled_ms IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try_ms) WHERE settled_ms IS NULL;
CREATE INDEX outbox_record ON outbox (record_id);
CREATE INDEX outbox_open_reports ON outbox (record_id) WHERE settled_ms IS NULL AND purpose = 'report';

-- How far each relay has acknowledged the report chain.
CREATE TABLE watermark (
  relay       TEXT    PRIMARY KEY,
  up_to       INTEGER NOT NULL CHECK (up_to >= 0),
  received_ms INTEGER NOT NULL,
  record      BLOB    NOT NULL
) STRICT;
