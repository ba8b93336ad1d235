-- What makes a document provable later, with the bus gone (ADR 0029).

-- Of an own record about an outgoing document: its package, whose open part travels with the dispatch.
ALTER TABLE record ADD COLUMN about_package INTEGER REFERENCES package (id);
CREATE INDEX record_about ON record (about_package) WHERE about_package IS NOT NULL;
UPDATE record SET about_package = (
  SELECT p.id FROM package AS p JOIN register_entry AS r ON r.id = p.register_id
  WHERE r.document_id = json_extract(CAST(record.payload AS TEXT), '$.entry.documentId'))
WHERE type = 'report'
  AND json_extract(CAST(payload AS TEXT), '$.entry.kind') IN ('dispatch', 'withdrawn');
UPDATE record SET about_package = (
  SELECT package_id FROM outbox WHERE record_id = record.id AND package_id IS NOT NULL LIMIT 1)
WHERE type = 'delivery';

-- Certificates, revocation lists and OCSP responses: each once, however many records need it.
CREATE TABLE validation_object (
  id     INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,                   -- of `der`, lower hex
  kind   TEXT NOT NULL CHECK (kind IN ('certificate', 'crl', 'ocsp')),
  der    BLOB NOT NULL
) STRICT;

-- A set of them without the signer's own certificate.
CREATE TABLE validation_basis (
  id      INTEGER PRIMARY KEY,
  members TEXT NOT NULL UNIQUE                   -- ids of validation_object, ascending, with commas
) STRICT;

-- What a record was judged with, and at which time; of an own one, what would have proved it then.
CREATE TABLE judged_record (
  payload_sha256 TEXT    PRIMARY KEY,
  at_ms          INTEGER NOT NULL,               -- when the broker stored it; of an own one: signed
  is_own         INTEGER NOT NULL CHECK (is_own IN (0, 1)),
  signer         INTEGER REFERENCES validation_object (id),
  basis          INTEGER REFERENCES validation_basis (id)
) STRICT, WITHOUT ROWID;
