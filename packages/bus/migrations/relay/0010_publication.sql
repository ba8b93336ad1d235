-- What the relay has said of closed months, signed: a figure once published changes only
-- by a further revision, and every publication names the one before it by its hash.
CREATE TABLE publication (
  sequence    INTEGER PRIMARY KEY CHECK (sequence > 0), -- 1, 2, 3 … over all months
  month       TEXT    NOT NULL,                         -- YYYY-MM of issue
  revision    INTEGER NOT NULL CHECK (revision > 0),    -- 1 closes the month, later ones correct it
  record      INTEGER NOT NULL CHECK (record >= 0),     -- as of this report.id
  day         TEXT    NOT NULL,                         -- and this day at +07:00
  contradiction INTEGER NOT NULL CHECK (contradiction >= 0), -- contradiction.id up to which they are told
  head        BLOB    NOT NULL,                         -- JSON, the bytes that are signed
  head_sha256 TEXT    NOT NULL,
  signature   BLOB,                                     -- NULL: prepared and not yet signed, so not public
  UNIQUE (month, revision)
) STRICT;

-- The lines that a head names by digest, in deflated pieces of many lines.
CREATE TABLE publication_part (
  publication INTEGER NOT NULL REFERENCES publication (sequence) DEFERRABLE INITIALLY DEFERRED,
  section     TEXT    NOT NULL,
  position    INTEGER NOT NULL CHECK (position > 0),
  data        BLOB    NOT NULL,
  PRIMARY KEY (publication, section, position)
) STRICT;

-- The hash over the order of arrival, kept at some records so that it need not start over.
CREATE TABLE arrival_hash (
  record INTEGER PRIMARY KEY CHECK (record > 0), -- report.id: everything up to it, included
  hash   TEXT    NOT NULL
) STRICT;

-- When the broker stored the second record of a fork, and which report had come last by then.
ALTER TABLE contradiction ADD COLUMN stored_ms INTEGER;
ALTER TABLE contradiction ADD COLUMN after_report INTEGER;
CREATE INDEX contradiction_fork ON contradiction (after_report, id) WHERE kind = 'CHAIN_FORK';

-- Lowest and highest number of each day of issue: a number dated before a lower one shows by it.
CREATE TABLE register_day (
  agency    TEXT    NOT NULL,
  year      INTEGER NOT NULL,
  issued_on TEXT    NOT NULL,
  lowest    INTEGER NOT NULL CHECK (lowest > 0),
  highest   INTEGER NOT NULL CHECK (highest >= lowest),
  PRIMARY KEY (agency, year, issued_on)
) STRICT, WITHOUT ROWID;
INSERT INTO register_day
SELECT agency, year, issued_on, min(number), max(number) FROM register_entry
WHERE issued_on IS NOT NULL GROUP BY agency, year, issued_on;
