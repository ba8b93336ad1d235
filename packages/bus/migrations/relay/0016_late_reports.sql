-- Reports that the broker stored long after the time they state: an agency that was cut off, or one that
-- reports in arrears. They count like any other and are listed, so that nobody takes them for new.
CREATE TABLE late_report (
  report INTEGER PRIMARY KEY REFERENCES stored_report (id)
) STRICT;
INSERT INTO late_report SELECT id FROM stored_report WHERE stored_ms - at_ms > 86400000;
