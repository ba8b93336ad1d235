-- Figures as rollups, kept in the transaction that takes a report in. Everything here can
-- be made again from `document`, `delivery`, `register_entry`, `report` and the directory.
-- Days are YYYY-MM-DD at +07:00; buckets are a day, a month YYYY-MM or a year YYYY.

-- What a receipt changes is known from these rows alone, without counting deliveries.
ALTER TABLE document ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;         -- 1: it holds its register number
ALTER TABLE document ADD COLUMN delivery_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE document ADD COLUMN receipted_count INTEGER NOT NULL DEFAULT 0; -- deliveries with any receipt
ALTER TABLE document ADD COLUMN withdrawn_count INTEGER NOT NULL DEFAULT 0; -- given up, and without any receipt
ALTER TABLE document ADD COLUMN paper_count INTEGER NOT NULL DEFAULT 0;     -- recipients by paper only
ALTER TABLE delivery ADD COLUMN first_receipt_ms INTEGER;                   -- earliest counted receipt of any status
ALTER TABLE delivery ADD COLUMN issued_day INTEGER NOT NULL DEFAULT 0;      -- days since 1970-01-01 at +07:00

UPDATE document SET
  counted = EXISTS (SELECT 1 FROM register_entry AS r WHERE r.agency = sender
    AND r.year = register_year AND r.number = register_number AND r.document = document.id),
  delivery_count = (SELECT count(*) FROM delivery AS d WHERE d.document = document.id),
  receipted_count =
    (SELECT count(*) FROM delivery AS d WHERE d.document = document.id AND d.receipt_count > 0),
  withdrawn_count = (SELECT count(*) FROM delivery AS d JOIN withdrawal AS w
      ON w.sender = document.sender AND w.document_id = document.document_id
      AND w.business_type = document.business_type
      AND w.document_version = document.document_version AND w.recipient = d.recipient
    WHERE d.document = document.id AND d.receipt_count = 0),
  paper_count = (SELECT count(*) FROM paper_recipient AS p WHERE p.document = document.id);
UPDATE delivery SET
  issued_day = (SELECT CAST(strftime('%s', o.issued_on) AS INTEGER) / 86400 FROM document AS o
    WHERE o.id = delivery.document),
  first_receipt_ms = (SELECT min(t.at_ms) FROM document AS o JOIN receipt AS t
      ON t.sender = o.sender AND t.document_id = o.document_id AND t.business_type = o.business_type
      AND t.document_version = o.document_version AND t.agency = delivery.recipient
    WHERE o.id = delivery.document AND t.standing = 'counted');

-- The sweep at the start of a day, and the lists.
CREATE INDEX document_unanswered ON document (dispatched_ms) WHERE receipted_count < delivery_count;
CREATE INDEX document_issued ON document (issued_on);
CREATE INDEX document_sender_issued ON document (sender, issued_on);
CREATE INDEX delivery_recipient_day ON delivery (recipient, issued_day, document);
CREATE INDEX delivery_open_day ON delivery (issued_day, document, recipient) WHERE receipt_count = 0;
DROP INDEX delivery_open;
DROP INDEX register_entry_month;

-- JSON list of codes; NULL: not read out of the record yet.
ALTER TABLE directory_entry ADD COLUMN successors TEXT;
CREATE INDEX directory_entry_succeeded ON directory_entry (code) WHERE successors <> '[]';

-- The one state of the figures. *_before_ms: what was dispatched before has been settled.
CREATE TABLE figure_state (
  id                 INTEGER PRIMARY KEY CHECK (id = 1),
  built              INTEGER NOT NULL CHECK (built IN (0, 1)), -- 0: to be made from the tracking tables
  swept_day          TEXT    NOT NULL,           -- overdue and undelivered count up to its start
  overdue_before_ms  INTEGER NOT NULL,
  expired_before_ms  INTEGER NOT NULL,
  contradiction      INTEGER NOT NULL,           -- the last row of `contradiction` that is counted
  directory_revision INTEGER NOT NULL            -- goes up with every entry
) STRICT;
INSERT INTO figure_state VALUES (1, 0, '1970-01-01', 0, 0, 0, 0);

-- One agency, one day of issue. urgency: 0 normal, 1 urgent, 2 has none (void numbers, contradictions).
-- data: see figures/cell.ts. The columns beside it are copies of its counters, for lists of agencies.
CREATE TABLE figure_own_day (
  day           TEXT    NOT NULL,
  agency        TEXT    NOT NULL,
  document_type TEXT    NOT NULL,                -- '' has none
  urgency       INTEGER NOT NULL,
  e             INTEGER NOT NULL,
  ep            INTEGER NOT NULL,
  p             INTEGER NOT NULL,
  deliveries    INTEGER NOT NULL,
  overdue       INTEGER NOT NULL,
  data          BLOB    NOT NULL,
  PRIMARY KEY (day, agency, document_type, urgency)
) STRICT, WITHOUT ROWID;

-- All of one agency in a month or a year.
CREATE TABLE figure_own (
  bucket     TEXT    NOT NULL,
  agency     TEXT    NOT NULL,
  e          INTEGER NOT NULL,
  ep         INTEGER NOT NULL,
  p          INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  overdue    INTEGER NOT NULL,
  data       BLOB    NOT NULL,
  PRIMARY KEY (bucket, agency)
) STRICT, WITHOUT ROWID;

-- All agencies below one, or of all ('*'), on a day or in a month. structure: 0 then and now, 1 then
-- only, 2 now only. document_type '' is the sum of all types and of what has none.
CREATE TABLE figure_group (
  bucket        TEXT    NOT NULL,
  top           TEXT    NOT NULL,
  tier          TEXT    NOT NULL,
  structure     INTEGER NOT NULL,
  document_type TEXT    NOT NULL,
  urgency       INTEGER NOT NULL,
  data          BLOB    NOT NULL,
  PRIMARY KEY (bucket, top, tier, document_type, urgency, structure)
) STRICT, WITHOUT ROWID;

-- Where an agency stands in the rollups above: by the directory as it was read when they were added up.
CREATE TABLE figure_place (
  agency     TEXT NOT NULL,
  from_day   TEXT NOT NULL,                      -- to the day before the next row; the first: ''
  then_tier  TEXT NOT NULL,
  then_above TEXT NOT NULL,                      -- codes of the agencies above, parent first, by spaces
  now_code   TEXT NOT NULL,                      -- itself, or who took over from it
  now_tier   TEXT NOT NULL,
  now_above  TEXT NOT NULL,
  PRIMARY KEY (agency, from_day)
) STRICT, WITHOUT ROWID;
CREATE INDEX figure_place_now ON figure_place (now_code);

-- Codes whose entry changed, then agencies that are to be added up anew for it.
CREATE TABLE figure_directory_change (code TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE figure_rebuild (agency TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO figure_directory_change SELECT DISTINCT code FROM directory_entry;

-- In which days of a month (bits 0 to 30) or months of a year (bits 0 to 11) an agency was heard of.
CREATE TABLE figure_heard (
  bucket TEXT    NOT NULL,
  agency TEXT    NOT NULL,
  bits   INTEGER NOT NULL,
  PRIMARY KEY (bucket, agency)
) STRICT, WITHOUT ROWID;

CREATE INDEX figure_heard_agency ON figure_heard (agency);

-- register_gap with the days of issue between which its numbers were given.
CREATE TABLE figure_gap (
  agency       TEXT    NOT NULL,
  year         INTEGER NOT NULL,
  first_number INTEGER NOT NULL,
  last_number  INTEGER NOT NULL,
  after_day    TEXT,                             -- of the known number before; NULL: none
  before_day   TEXT,                             -- of the known number after; NULL: none
  from_day     TEXT    NOT NULL,                 -- the numbers may belong to from_day .. to_day
  to_day       TEXT    NOT NULL,
  PRIMARY KEY (agency, year, first_number)
) STRICT, WITHOUT ROWID;
CREATE INDEX figure_gap_to ON figure_gap (to_day);

-- Numbers of gaps by the day from which and up to which they may belong; so many numbers may belong to
-- a period as began up to its end less those that ended before it.
CREATE TABLE figure_gap_sum (
  top       TEXT    NOT NULL,
  tier      TEXT    NOT NULL,
  structure INTEGER NOT NULL,
  day       TEXT    NOT NULL,
  began     INTEGER NOT NULL,
  ended     INTEGER NOT NULL,
  PRIMARY KEY (top, tier, structure, day)
) STRICT, WITHOUT ROWID;
