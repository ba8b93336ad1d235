-- One agency's month or year by type and urgency; document_type '' is the sum of all types. Lists of agencies
-- filtered by either read it along its key.
CREATE TABLE figure_own_part (
  bucket        TEXT    NOT NULL,
  document_type TEXT    NOT NULL,
  urgency       INTEGER NOT NULL,
  agency        TEXT    NOT NULL,
  e             INTEGER NOT NULL,
  ep            INTEGER NOT NULL,
  p             INTEGER NOT NULL,
  deliveries    INTEGER NOT NULL,
  overdue       INTEGER NOT NULL,
  data          BLOB    NOT NULL,
  PRIMARY KEY (bucket, document_type, urgency, agency)
) STRICT, WITHOUT ROWID;

-- Which rows of figure_own, figure_own_part and figure_heard changed last: a reader that keeps their
-- counters in memory reads only those again. bucket '*': all of them. The oldest are dropped.
CREATE TABLE figure_change (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket TEXT NOT NULL,
  agency TEXT NOT NULL
) STRICT;

UPDATE figure_state SET built = 0; -- adds everything up anew, into the new table too
