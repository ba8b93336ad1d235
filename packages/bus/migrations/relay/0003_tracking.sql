-- What the reports say about documents, deliveries and the registers.
-- Everything here can be rebuilt from `report`.
CREATE TABLE document (
  id               INTEGER PRIMARY KEY,
  sender           TEXT    NOT NULL,
  document_id      TEXT    NOT NULL,             -- opaque; unique per sender only
  business_type    INTEGER NOT NULL CHECK (business_type BETWEEN 0 AND 3),
  document_version INTEGER NOT NULL CHECK (document_version > 0),
  report_number    INTEGER NOT NULL,
  package_digest   TEXT    NOT NULL,
  register_year    INTEGER NOT NULL,
  register_number  INTEGER NOT NULL,
  notation         TEXT    NOT NULL,
  issued_on        TEXT    NOT NULL,             -- YYYY-MM-DD at +07:00
  document_type    TEXT    NOT NULL,
  abstract         TEXT    NOT NULL,
  priority         INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
  signed           INTEGER NOT NULL CHECK (signed IN (0, 1)),
  share_class      TEXT    NOT NULL CHECK (share_class IN ('E', 'EP', 'P')),
  dispatched_ms    INTEGER NOT NULL,             -- time of the dispatch report
  answers_organ    TEXT,
  answers_document TEXT,
  UNIQUE (sender, document_id, business_type, document_version)
) STRICT;
CREATE INDEX document_id_lookup ON document (document_id);

CREATE TABLE delivery (
  id              INTEGER PRIMARY KEY,
  document        INTEGER NOT NULL REFERENCES document (id),
  recipient       TEXT    NOT NULL,
  mode            TEXT    NOT NULL CHECK (mode IN ('E', 'E+P')),
  state           TEXT    NOT NULL DEFAULT 'sent', -- the furthest: see delivery-state.ts
  receipt_count   INTEGER NOT NULL DEFAULT 0 CHECK (receipt_count >= 0),
  arrived_ms      INTEGER,                       -- earliest 01
  refused_ms      INTEGER,                       -- latest 02
  accepted_ms     INTEGER,                       -- earliest 03
  assigned_ms     INTEGER,                       -- earliest 04
  processed_ms    INTEGER,                       -- earliest 05
  completed_ms    INTEGER,                       -- earliest 06
  change_agreed_ms INTEGER,                      -- earliest 15
  reason_code     TEXT,                          -- of the latest 02
  reason          TEXT,
  incoming_year   INTEGER,                       -- of the recipient's register of incoming documents
  incoming_number INTEGER,
  UNIQUE (document, recipient)
) STRICT;
CREATE INDEX delivery_open ON delivery (document) WHERE receipt_count = 0;

CREATE TABLE paper_recipient (
  document INTEGER NOT NULL REFERENCES document (id),
  position INTEGER NOT NULL CHECK (position >= 0),
  name     TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  PRIMARY KEY (document, position)
) STRICT, WITHOUT ROWID;

-- Each receipt reported. It may come before the dispatch it answers, and waits then.
CREATE TABLE receipt (
  id               INTEGER PRIMARY KEY,
  agency           TEXT    NOT NULL,             -- who answers, and reported it
  report_number    INTEGER NOT NULL,
  sender           TEXT    NOT NULL,             -- of the document
  document_id      TEXT    NOT NULL,
  business_type    INTEGER NOT NULL,
  document_version INTEGER NOT NULL,
  package_digest   TEXT,
  status           TEXT    NOT NULL,             -- edXML StatusCode 01…16
  at_ms            INTEGER NOT NULL,
  reason_code      TEXT,
  reason           TEXT,
  incoming_year    INTEGER,
  incoming_number  INTEGER,
  standing         TEXT    NOT NULL CHECK (standing IN ('counted', 'waiting', 'noted', 'contradictory')),
  UNIQUE (agency, report_number)
) STRICT;
CREATE INDEX receipt_document ON receipt (sender, document_id, business_type, document_version, agency);

-- One row for each number of an outgoing register: the unit of the share.
CREATE TABLE register_entry (
  agency        TEXT    NOT NULL,
  year          INTEGER NOT NULL,
  number        INTEGER NOT NULL CHECK (number > 0),
  kind          TEXT    NOT NULL CHECK (kind IN ('dispatch', 'paper', 'void')),
  report_number INTEGER NOT NULL,
  month         TEXT    NOT NULL,                -- YYYY-MM of issue; of the report for a void number
  issued_on     TEXT,                            -- NULL for a void number
  share_class   TEXT    CHECK (share_class IN ('E', 'EP', 'P')),
  signed        INTEGER NOT NULL CHECK (signed IN (0, 1)),
  document      INTEGER REFERENCES document (id),
  notation      TEXT,
  document_type TEXT,
  abstract      TEXT,
  reason        TEXT,                            -- why paper, why void
  paper_to      TEXT,                            -- JSON: names of the recipients of a paper document
  PRIMARY KEY (agency, year, number),
  CHECK ((kind = 'void') = (share_class IS NULL)),
  CHECK ((kind = 'void') = (issued_on IS NULL)),
  CHECK ((kind = 'dispatch') = (document IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX register_entry_month ON register_entry (month, agency, share_class, signed);

-- Numbers of a register that no record names; the share is a lower bound while any is there.
CREATE TABLE register_gap (
  agency       TEXT    NOT NULL,
  year         INTEGER NOT NULL,
  first_number INTEGER NOT NULL CHECK (first_number > 0),
  last_number  INTEGER NOT NULL CHECK (last_number >= first_number),
  PRIMARY KEY (agency, year, first_number)
) STRICT, WITHOUT ROWID;
