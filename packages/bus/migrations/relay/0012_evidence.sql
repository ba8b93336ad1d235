-- What makes a record provable later (ADR 0029): the open part of each package as it came with the
-- dispatch report, and what signatures were judged with at their time.

-- Certificates, revocation lists and OCSP responses: each once, however many records need it.
CREATE TABLE validation_object (
  id     INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,                   -- of `der`, lower hex
  kind   TEXT NOT NULL CHECK (kind IN ('certificate', 'crl', 'ocsp')),
  der    BLOB NOT NULL
) STRICT;

-- A set of them without the signer's own certificate: all agencies of one CA share a set until its
-- next list.
CREATE TABLE validation_basis (
  id      INTEGER PRIMARY KEY,
  members TEXT NOT NULL UNIQUE                   -- ids of validation_object, ascending, with commas
) STRICT;

ALTER TABLE report ADD COLUMN signer INTEGER REFERENCES validation_object (id);
ALTER TABLE report ADD COLUMN basis INTEGER REFERENCES validation_basis (id); -- NULL: judged before this

CREATE TABLE open_part (
  report INTEGER PRIMARY KEY REFERENCES report (id), -- of the dispatch
  packed BLOB    NOT NULL,                       -- raw deflate, as it came
  signer INTEGER REFERENCES validation_object (id),  -- of the package
  basis  INTEGER REFERENCES validation_basis (id)
) STRICT;
