-- The agent's verified copy of the directory: works offline, keeps the signed bytes.
CREATE TABLE directory_entry (
  code     TEXT    PRIMARY KEY,
  sequence INTEGER NOT NULL CHECK (sequence > 0), -- the registrar's number; a later one replaces
  record   BLOB    NOT NULL                       -- the signed record as received
) STRICT;
CREATE INDEX directory_entry_sequence ON directory_entry (sequence);
