-- figure_group summed over tiers and urgencies: a row of a table that is filtered by neither is one cell for
-- each day, month or year, instead of up to fifteen. document_type '' is the sum of all types.
CREATE TABLE figure_sum (
  document_type TEXT    NOT NULL,
  bucket        TEXT    NOT NULL,
  top           TEXT    NOT NULL,
  structure     INTEGER NOT NULL,
  data          BLOB    NOT NULL,
  PRIMARY KEY (document_type, bucket, top, structure)
) STRICT, WITHOUT ROWID;

-- Not added up anew from the records: `sum_cells` is a function of the relay, and takes a minute or two
-- for ten million deliveries.
INSERT INTO figure_sum
  SELECT document_type, bucket, top, structure, sum_cells(data) FROM figure_group
  GROUP BY document_type, bucket, top, structure;
DELETE FROM figure_sum WHERE data = x'';

-- What is open of one type is listed without reading what is open of all others.
CREATE INDEX document_type_open ON document (document_type, issued_on)
  WHERE receipted_count < delivery_count;
