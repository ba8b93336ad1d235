-- Ten million deliveries are some twenty-four million reports (ADR 0027). A signed record repeats what
-- other records of the same agency say: code, certificate, issuer, the words of its JSON. The first
-- record of an agency stays whole, later ones are deflated against it; digests are bytes, and a link
-- that holds is not written down twice. `report` shows every record as it was received.
CREATE TABLE stored_report (
  id            INTEGER PRIMARY KEY,             -- order of arrival; never given again
  agency        TEXT    NOT NULL,
  number        INTEGER NOT NULL CHECK (number > 0),
  payload_hash  BLOB    NOT NULL CHECK (length(payload_hash) = 32), -- SHA-256: the chain's link
  previous_hash BLOB,                            -- NULL: that of number - 1, which is here
  at_ms         INTEGER NOT NULL,                -- what the agency states
  stored_ms     INTEGER NOT NULL,                -- when the broker stored it: the time it was judged at
  base          INTEGER,                         -- id of the whole record it is deflated against; NULL: whole
  record        BLOB    NOT NULL,
  signer        INTEGER REFERENCES validation_object (id),
  basis         INTEGER REFERENCES validation_basis (id),
  UNIQUE (agency, number)                        -- the first record of a number counts
) STRICT;
INSERT INTO stored_report
SELECT id, agency, number, unhex(payload_hash), unhex(previous_hash), at_ms, stored_ms, NULL, record,
  signer, basis
FROM report ORDER BY id;

ALTER TABLE chain ADD COLUMN base INTEGER;       -- stored_report.id; NULL: the next record stays whole

ALTER TABLE open_part RENAME TO open_part_before;
CREATE TABLE open_part (
  report INTEGER PRIMARY KEY REFERENCES stored_report (id), -- of the dispatch
  packed BLOB    NOT NULL,                       -- raw deflate, as it came
  signer INTEGER REFERENCES validation_object (id),  -- of the package
  basis  INTEGER REFERENCES validation_basis (id)
) STRICT;
INSERT INTO open_part SELECT report, packed, signer, basis FROM open_part_before;
DROP TABLE open_part_before;
DROP TABLE report;

CREATE VIEW report AS
  SELECT s.id, s.agency, s.number, lower(hex(s.payload_hash)) AS payload_hash,
    CASE WHEN s.number = 1 THEN NULL
      WHEN s.previous_hash IS NOT NULL THEN lower(hex(s.previous_hash))
      ELSE (SELECT lower(hex(p.payload_hash)) FROM stored_report AS p
            WHERE p.agency = s.agency AND p.number = s.number - 1) END AS previous_hash,
    s.at_ms, s.stored_ms,
    CASE WHEN s.base IS NULL THEN s.record
      ELSE unpack_record(s.record, (SELECT b.record FROM stored_report AS b WHERE b.id = s.base))
      END AS record,
    s.signer, s.basis
  FROM stored_report AS s;
