-- Packages leave sealed, and large ones in chunks. Bytes that would make a row too
-- large stand in files of the agency's folder, named by their own SHA-256; rows name the files.

-- `container` is empty where `container_file` is set: packages/<container_file>.
ALTER TABLE package ADD COLUMN container_file TEXT;
ALTER TABLE package ADD COLUMN open_part BLOB;          -- what travels in the clear; NULL: made before sealing
-- The sealed bytes, until every recipient has answered; NULL: in sealed/<sealed_sha256>, or released.
ALTER TABLE package ADD COLUMN sealed BLOB;
ALTER TABLE package ADD COLUMN sealed_sha256 TEXT;
ALTER TABLE package ADD COLUMN sealed_bytes INTEGER CHECK (sealed_bytes > 0);
ALTER TABLE package ADD COLUMN chunk_bytes INTEGER CHECK (chunk_bytes > 0); -- NULL: inside the message
ALTER TABLE package ADD COLUMN lane TEXT NOT NULL DEFAULT 'normal' CHECK (lane IN ('urgent', 'normal'));
ALTER TABLE package ADD COLUMN trace_id TEXT;
ALTER TABLE package ADD COLUMN released_ms INTEGER;     -- sealed bytes and blobs are gone
CREATE INDEX package_kept ON package (id) WHERE sealed_sha256 IS NOT NULL AND released_ms IS NULL;

-- What goes up as a blob of this agency before any message that names it may leave.
CREATE TABLE upload (
  package_id    INTEGER NOT NULL REFERENCES package (id),
  part          TEXT    NOT NULL CHECK (part IN ('message', 'sealed')),
  sha256        TEXT    NOT NULL,
  bytes         INTEGER NOT NULL CHECK (bytes > 0),
  chunk_bytes   INTEGER NOT NULL CHECK (chunk_bytes > 0),
  scope         TEXT    NOT NULL CHECK (scope IN ('local', 'cross')),
  done_bytes    INTEGER NOT NULL DEFAULT 0 CHECK (done_bytes BETWEEN 0 AND bytes),
  attempt_count INTEGER NOT NULL DEFAULT 0,             -- since the last progress
  next_try_ms   INTEGER NOT NULL,
  done_ms       INTEGER,                                -- every chunk is stored, as far as is known
  checked_ms    INTEGER,                                -- the site was asked for what is missing
  PRIMARY KEY (package_id, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_open ON upload (next_try_ms) WHERE done_ms IS NULL;

CREATE INDEX outbox_package ON outbox (package_id) WHERE settled_ms IS NULL;
CREATE INDEX outbox_urgent ON outbox (next_try_ms) WHERE settled_ms IS NULL AND lane = 'urgent';
CREATE INDEX outbox_settled ON outbox (settled_ms) WHERE settled_ms IS NOT NULL;

-- Deliveries whose content is still to be fetched: the broker was told that they are here. A row
-- leaves in the transaction that stores the document, suppresses it as a repeat or quarantines it.
CREATE TABLE download (
  id             INTEGER PRIMARY KEY,
  nats_subject   TEXT    NOT NULL,
  message_sha256 TEXT    NOT NULL,                      -- of `data`
  data           BLOB    NOT NULL,                      -- as received: a reference, or the message
  stored_ms      INTEGER NOT NULL,                      -- when the broker stored it, by its clock
  stream_seq     INTEGER NOT NULL,
  sender         TEXT    NOT NULL,
  lane           TEXT    NOT NULL CHECK (lane IN ('urgent', 'normal')),
  message        BLOB,                                  -- the message that a reference stands for, once it is here
  delivery_id    TEXT,                                  -- once the record was found authentic
  document_id    TEXT,
  total_bytes    INTEGER NOT NULL CHECK (total_bytes > 0),
  done_bytes     INTEGER NOT NULL DEFAULT 0,
  received_ms    INTEGER NOT NULL,
  attempt_count  INTEGER NOT NULL DEFAULT 0,            -- since the last progress
  restart_count  INTEGER NOT NULL DEFAULT 0,            -- whole contents that came with another digest
  next_try_ms    INTEGER NOT NULL,
  waits_for      TEXT,                                  -- why the last try ended, for a person
  UNIQUE (nats_subject, message_sha256)
) STRICT;
CREATE INDEX download_due ON download (next_try_ms);
CREATE INDEX download_sender ON download (sender);
CREATE INDEX download_delivery ON download (delivery_id) WHERE delivery_id IS NOT NULL;

-- `container` is empty where `container_file` is set: packages/<container_file>.
ALTER TABLE incoming ADD COLUMN container_file TEXT;
ALTER TABLE incoming ADD COLUMN message_sha256 TEXT;    -- of the message that a reference stood for
ALTER TABLE incoming ADD COLUMN trace_id TEXT;
CREATE INDEX incoming_message ON incoming (sender, message_sha256) WHERE message_sha256 IS NOT NULL;
