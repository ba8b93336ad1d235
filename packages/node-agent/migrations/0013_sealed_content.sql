-- Sealed bytes are let go of once every recipient has answered. Beside the package that stays for ever,
-- each release wrote the whole package anew; in a table of their own it only removes a row.
CREATE TABLE sealed_content (
  package_id INTEGER PRIMARY KEY REFERENCES package (id),
  sha256     TEXT NOT NULL,
  sealed     BLOB                                -- NULL: in sealed/<sha256>
) STRICT;
INSERT INTO sealed_content (package_id, sha256, sealed)
  SELECT id, sealed_sha256, sealed FROM package
  WHERE sealed_sha256 IS NOT NULL AND released_ms IS NULL;
DROP INDEX package_kept;
ALTER TABLE package DROP COLUMN sealed;
ALTER TABLE package DROP COLUMN sealed_sha256;
ALTER TABLE package DROP COLUMN released_ms;
