-- Whether this file is the one that was worked on last, or a copy that was put back. A copy does not
-- know which numbers were used since: nothing is numbered until the relay has said how far it is.
CREATE TABLE home_check (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  inode   TEXT,                                 -- device and inode of the file; another one: a copy
  suspect INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1))
) STRICT;
INSERT INTO home_check (id) VALUES (1);
