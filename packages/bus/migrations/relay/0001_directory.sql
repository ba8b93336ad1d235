-- The relay's verified copy of the directory: tiers, parents and node certificates.
-- Every entry stays as signed, so that a figure can be recomputed with the directory of its time.
CREATE TABLE directory_entry (
  sequence      INTEGER PRIMARY KEY CHECK (sequence > 0), -- the registrar's number
  code          TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  tier          TEXT    NOT NULL CHECK (tier IN ('central', 'province', 'district', 'commune')),
  parent        TEXT,
  site          TEXT    NOT NULL,
  role          TEXT    NOT NULL CHECK (role IN ('agency', 'relay')),
  valid_from_ms INTEGER NOT NULL,                         -- [valid_from, valid_to)
  valid_to_ms   INTEGER,
  record        BLOB    NOT NULL                          -- the signed record as received
) STRICT;
CREATE INDEX directory_entry_code ON directory_entry (code, sequence);

-- The newest entry of each code is the one that holds.
CREATE VIEW agency AS
  SELECT code, name, tier, parent, site, role, valid_from_ms, valid_to_ms FROM directory_entry AS e
  WHERE sequence = (SELECT max(sequence) FROM directory_entry WHERE code = e.code);
