-- Report chains: what agencies reported, as signed. *_ms: UTC milliseconds since 1970.
CREATE TABLE report (
  id            INTEGER PRIMARY KEY,             -- order of arrival
  agency        TEXT    NOT NULL,
  number        INTEGER NOT NULL CHECK (number > 0),
  payload_hash  TEXT    NOT NULL,                -- SHA-256 of the payload, lower hex: the chain's link
  previous_hash TEXT,                            -- what the agency says number - 1 hashes to
  at_ms         INTEGER NOT NULL,                -- what the agency states
  stored_ms     INTEGER NOT NULL,                -- when the broker stored it: the time it was judged at
  record        BLOB    NOT NULL,                -- the signed record as received
  UNIQUE (agency, number),                       -- the first record of a number counts
  CHECK ((number = 1) = (previous_hash IS NULL))
) STRICT;
CREATE INDEX report_agency_time ON report (agency, at_ms);

CREATE TABLE chain (
  agency                 TEXT    PRIMARY KEY,
  up_to                  INTEGER NOT NULL CHECK (up_to >= 0), -- 1..up_to are there and linked by hash
  up_to_hash             TEXT,                   -- NULL while up_to = 0
  highest                INTEGER NOT NULL CHECK (highest >= up_to),
  broken_at              INTEGER,                -- its previous_hash is not that of the record before
  revision               INTEGER NOT NULL CHECK (revision > 0), -- goes up with every change worth telling
  watermark_revision     INTEGER NOT NULL DEFAULT 0,            -- the revision last told to the agency
  watermark_published_ms INTEGER,                               -- NULL until the first PubAck
  CHECK ((up_to = 0) = (up_to_hash IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_watermark_due ON chain (agency) WHERE watermark_revision < revision;

-- Numbers below `highest` that never came, as ranges that neither touch nor overlap.
CREATE TABLE missing_report (
  agency       TEXT    NOT NULL,
  first_number INTEGER NOT NULL CHECK (first_number > 0),
  last_number  INTEGER NOT NULL CHECK (last_number >= first_number),
  PRIMARY KEY (agency, first_number)
) STRICT, WITHOUT ROWID;

-- Well-signed statements that contradict an earlier one. Kept and shown, never counted.
CREATE TABLE contradiction (
  id            INTEGER PRIMARY KEY,
  kind          TEXT    NOT NULL,
  agency        TEXT    NOT NULL,
  report_number INTEGER NOT NULL,
  payload_hash  TEXT    NOT NULL,
  detail        TEXT    NOT NULL,
  found_ms      INTEGER NOT NULL,
  record        BLOB,                            -- NULL: the record stands in `report`
  UNIQUE (agency, report_number, payload_hash, kind)
) STRICT;

-- What failed the check: acknowledged to the broker, so kept here with the reason.
CREATE TABLE rejected_record (
  id             INTEGER PRIMARY KEY,
  nats_subject   TEXT    NOT NULL,
  claimed_from   TEXT,                           -- the agency that the subject names
  site           TEXT    NOT NULL,
  stored_ms      INTEGER NOT NULL,
  rejected_ms    INTEGER NOT NULL,
  finding        TEXT    NOT NULL,
  detail         TEXT    NOT NULL,
  message_sha256 TEXT    NOT NULL,
  message_bytes  INTEGER NOT NULL,
  message        BLOB,                           -- NULL when the sender's share of room was used up
  UNIQUE (nats_subject, message_sha256)          -- a redelivery adds nothing
) STRICT;
CREATE INDEX rejected_record_sender ON rejected_record (claimed_from, finding);
