-- What a sender says of a delivery that does not come about: given up by a person, or without an
-- answer for too long. It may come before the report of the dispatch, so it stands on its own.
CREATE TABLE withdrawal (
  sender           TEXT    NOT NULL,
  document_id      TEXT    NOT NULL,
  business_type    INTEGER NOT NULL,
  document_version INTEGER NOT NULL,
  recipient        TEXT    NOT NULL,
  report_number    INTEGER NOT NULL,             -- of the sender; the latest counts
  at_ms            INTEGER NOT NULL,
  cause            TEXT    NOT NULL CHECK (cause IN ('given-up', 'unanswered', 'refused', 'recipient-gone')),
  reason           TEXT,                         -- the person's words
  PRIMARY KEY (sender, document_id, business_type, document_version, recipient)
) STRICT, WITHOUT ROWID;
