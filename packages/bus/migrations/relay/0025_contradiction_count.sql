-- An agency can contradict itself without end; of each kind so many are kept, and further ones counted.
CREATE TABLE contradiction_count (
  agency  TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  kept    INTEGER NOT NULL CHECK (kept >= 0),
  further INTEGER NOT NULL CHECK (further >= 0), -- came beyond those; the same one again counts again
  last_ms INTEGER NOT NULL,                      -- when the last of them was found
  PRIMARY KEY (agency, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO contradiction_count
  SELECT agency, kind, count(*), 0, max(found_ms) FROM contradiction GROUP BY agency, kind;
