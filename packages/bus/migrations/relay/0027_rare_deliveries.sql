-- Rows of a rare state are found without those of the other rare ones.
DROP INDEX delivery_rare_day;
CREATE INDEX delivery_rare ON delivery (state, issued_day, document, recipient)
  WHERE state IN ('02', '04', '05');
