-- Adding all figures up anew takes an hour with ten million deliveries: it goes in steps, and on where it
-- stopped. There is a row while `figure_state.built` is 0 and the first step is done.
CREATE TABLE figure_build (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  phase  TEXT    NOT NULL CHECK (phase IN ('entries', 'reports', 'gaps')),
  agency TEXT    NOT NULL,                       -- of the last register entry, or gap, that is added up
  year   INTEGER NOT NULL,
  number INTEGER NOT NULL,
  report INTEGER NOT NULL,                       -- the last report that was heard
  done   INTEGER NOT NULL,
  total  INTEGER NOT NULL                        -- entries and reports
) STRICT;
