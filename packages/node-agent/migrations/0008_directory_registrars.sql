-- The directory has several registrars, each with its own sequence, and replaced entries stay: a record
-- is judged by the certificates that were listed when the broker stored it.
ALTER TABLE directory_entry RENAME TO directory_entry_before;

CREATE TABLE directory_entry (
  registrar TEXT    NOT NULL,
  sequence  INTEGER NOT NULL CHECK (sequence > 0), -- the registrar's number
  code      TEXT    NOT NULL,
  site      TEXT    NOT NULL,
  role      TEXT    NOT NULL CHECK (role IN ('agency', 'relay', 'registrar')),
  based_on  INTEGER CHECK (based_on >= 0),         -- NULL in the root's own entries
  counts    INTEGER NOT NULL CHECK (counts IN (0, 1)), -- 0: outside what its registrar may say
  record    BLOB    NOT NULL,                      -- as signed
  PRIMARY KEY (registrar, sequence)
) STRICT;
CREATE INDEX directory_entry_code ON directory_entry (code);
CREATE INDEX directory_entry_delegation ON directory_entry (sequence) WHERE role = 'registrar' AND counts;

-- Which entry of a code holds.
CREATE TABLE directory_holder (
  code      TEXT PRIMARY KEY,
  registrar TEXT NOT NULL,
  sequence  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_registrar (
  registrar  TEXT PRIMARY KEY,
  is_root    INTEGER NOT NULL DEFAULT 0 CHECK (is_root IN (0, 1)),
  read_up_to INTEGER NOT NULL DEFAULT 0 CHECK (read_up_to >= 0) -- 1..read_up_to were all seen
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX directory_root ON directory_registrar (is_root) WHERE is_root = 1;

-- Until now the one registrar was the root, and the newest entry of a code was the only one kept. The
-- payload starts at byte 10 with its sequence and registrar.
INSERT INTO directory_entry
SELECT json_extract(payload, '$.registrar'), sequence, code, json_extract(payload, '$.site'),
       json_extract(payload, '$.role'), NULL, 1, record
FROM (SELECT *, substr(CAST(substr(record, 10) AS TEXT), 1,
        instr(CAST(substr(record, 10) AS TEXT), '"natsUserKey":') - 2) || '}' AS payload
      FROM directory_entry_before);
INSERT INTO directory_holder SELECT code, registrar, sequence FROM directory_entry;
INSERT INTO directory_registrar
SELECT registrar, 1, 0 FROM directory_entry GROUP BY registrar LIMIT 1;
-- The last time that everything new was read; what was read before is read again, once.
DROP TABLE directory_progress;
CREATE TABLE directory_progress (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  read_ms INTEGER
) STRICT;
INSERT INTO directory_progress (id, read_ms) VALUES (1, NULL);
DROP TABLE directory_entry_before;
