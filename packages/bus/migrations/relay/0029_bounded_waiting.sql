-- Who answers stands in the key: so many receipts of one agency wait for one document, and no more.
CREATE TABLE waiting_receipt (
  sender           TEXT    NOT NULL,
  document_id      TEXT    NOT NULL,
  business_type    INTEGER NOT NULL,
  document_version INTEGER NOT NULL,
  agency           TEXT    NOT NULL,             -- who answers
  report           INTEGER NOT NULL REFERENCES receipt (report),
  PRIMARY KEY (sender, document_id, business_type, document_version, agency, report)
) STRICT, WITHOUT ROWID;
INSERT INTO waiting_receipt
  SELECT e.sender, e.document_id, e.business_type, e.document_version, s.agency, e.report
  FROM early_receipt AS e JOIN stored_report AS s ON s.id = e.report;
DROP TABLE early_receipt;
ALTER TABLE waiting_receipt RENAME TO early_receipt;

-- A number is told once to be dated back, also where only the count is kept.
ALTER TABLE register_entry ADD COLUMN backdated INTEGER NOT NULL DEFAULT 0 CHECK (backdated IN (0, 1));
UPDATE register_entry SET backdated = 1
WHERE agency IN (SELECT agency FROM contradiction WHERE kind = 'NUMBER_BACKDATED')
  AND (agency, report_number) IN
    (SELECT agency, report_number FROM contradiction WHERE kind = 'NUMBER_BACKDATED');

-- What is found again when its record is sent again, beyond those that are kept: each is counted once.
CREATE TABLE counted_contradiction (
  agency        TEXT    NOT NULL,
  kind          TEXT    NOT NULL,
  report_number INTEGER NOT NULL,
  payload_hash  BLOB    NOT NULL CHECK (length(payload_hash) = 32),
  PRIMARY KEY (agency, kind, report_number, payload_hash)
) STRICT, WITHOUT ROWID;
