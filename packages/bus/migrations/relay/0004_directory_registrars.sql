-- The directory has several registrars, each with its own sequence; which entry of a code holds is
-- written down, since it is no longer the one with the highest number.
DROP VIEW agency;
DROP INDEX directory_entry_code;
ALTER TABLE directory_entry RENAME TO directory_entry_before;

CREATE TABLE directory_entry (
  registrar     TEXT    NOT NULL,
  sequence      INTEGER NOT NULL CHECK (sequence > 0),        -- the registrar's number
  code          TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  tier          TEXT    NOT NULL CHECK (tier IN ('central', 'province', 'district', 'commune')),
  parent        TEXT,
  site          TEXT    NOT NULL,
  role          TEXT    NOT NULL CHECK (role IN ('agency', 'relay', 'registrar')),
  valid_from_ms INTEGER NOT NULL,                             -- [valid_from, valid_to)
  valid_to_ms   INTEGER,
  based_on      INTEGER CHECK (based_on >= 0),                -- NULL in the root's own entries
  counts        INTEGER NOT NULL CHECK (counts IN (0, 1)),    -- 0: outside what its registrar may say
  record        BLOB    NOT NULL,                             -- the signed record as received
  PRIMARY KEY (registrar, sequence)
) STRICT;
CREATE INDEX directory_entry_code ON directory_entry (code);
CREATE INDEX directory_entry_delegation ON directory_entry (sequence) WHERE role = 'registrar' AND counts;

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

-- Until now the one registrar was the root. The payload starts at byte 10 with its sequence and registrar.
INSERT INTO directory_entry
SELECT json_extract(payload, '$.registrar'), sequence, code, name, tier, parent, site, role,
       valid_from_ms, valid_to_ms, NULL, 1, record
FROM (SELECT *, substr(CAST(substr(record, 10) AS TEXT), 1,
        instr(CAST(substr(record, 10) AS TEXT), '"natsUserKey":') - 2) || '}' AS payload
      FROM directory_entry_before);
INSERT INTO directory_holder
SELECT code, registrar, max(sequence) FROM directory_entry GROUP BY code;
INSERT INTO directory_registrar
SELECT registrar, 1, 0 FROM directory_entry GROUP BY registrar LIMIT 1;
DROP TABLE directory_entry_before;

CREATE VIEW agency AS
  SELECT e.code, e.name, e.tier, e.parent, e.site, e.role, e.valid_from_ms, e.valid_to_ms
  FROM directory_holder AS h JOIN directory_entry AS e
  ON e.registrar = h.registrar AND e.sequence = h.sequence;
