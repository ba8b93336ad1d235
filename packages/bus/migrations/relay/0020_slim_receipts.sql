-- A receipt repeated what its report and its document say already. It has the report's id now and names
-- the document by row; only one that came before its dispatch, or for a dispatch that never came, still
-- says in words which document it means.
CREATE TABLE slim_receipt (
  report          INTEGER PRIMARY KEY REFERENCES stored_report (id), -- who answers, in the order of arrival
  document        INTEGER REFERENCES document (id), -- NULL: see early_receipt
  status          TEXT    NOT NULL,              -- edXML StatusCode 01…16
  at_ms           INTEGER NOT NULL,
  reason_code     TEXT,
  reason          TEXT,
  incoming_year   INTEGER,
  incoming_number INTEGER,
  package_digest  TEXT,                          -- NULL: none, or that of the document when `same_package`
  same_package    INTEGER NOT NULL CHECK (same_package IN (0, 1)),
  standing        TEXT    NOT NULL CHECK (standing IN ('counted', 'waiting', 'noted', 'contradictory')),
  CHECK (same_package = 0 OR package_digest IS NULL),
  CHECK (document IS NOT NULL OR standing IN ('waiting', 'noted'))
) STRICT;

-- The document that a receipt answers, until its sender reports it.
CREATE TABLE early_receipt (
  sender           TEXT    NOT NULL,
  document_id      TEXT    NOT NULL,
  business_type    INTEGER NOT NULL,
  document_version INTEGER NOT NULL,
  report           INTEGER NOT NULL REFERENCES slim_receipt (report),
  PRIMARY KEY (sender, document_id, business_type, document_version, report)
) STRICT, WITHOUT ROWID;

INSERT INTO slim_receipt
SELECT s.id, o.id, t.status, t.at_ms, t.reason_code, t.reason, t.incoming_year, t.incoming_number,
  CASE WHEN t.package_digest IS o.package_digest THEN NULL ELSE t.package_digest END,
  o.id IS NOT NULL AND t.package_digest IS o.package_digest, t.standing
FROM receipt AS t
  JOIN stored_report AS s ON s.agency = t.agency AND s.number = t.report_number
  LEFT JOIN document AS o ON o.sender = t.sender AND o.document_id = t.document_id
    AND o.business_type = t.business_type AND o.document_version = t.document_version
ORDER BY s.id;
INSERT INTO early_receipt
SELECT t.sender, t.document_id, t.business_type, t.document_version, r.report
FROM receipt AS t
  JOIN stored_report AS s ON s.agency = t.agency AND s.number = t.report_number
  JOIN slim_receipt AS r ON r.report = s.id
WHERE r.document IS NULL;
DROP TABLE receipt;
ALTER TABLE slim_receipt RENAME TO receipt;
CREATE INDEX receipt_document ON receipt (document) WHERE document IS NOT NULL;

-- A number alone is how people ask for a document.
CREATE INDEX document_number ON document (register_number);
