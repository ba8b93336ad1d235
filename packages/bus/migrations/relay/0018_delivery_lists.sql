-- Lists of deliveries that few rows of a period belong to.
CREATE INDEX delivery_rare_day ON delivery (issued_day, document, recipient)
  WHERE state IN ('02', '04', '05');
CREATE INDEX document_sender_open ON document (sender, issued_on)
  WHERE receipted_count < delivery_count;
CREATE INDEX document_type_issued ON document (document_type, issued_on);

-- The dated numbers around a gap, however many void ones lie between.
CREATE INDEX register_entry_dated ON register_entry (agency, year, number, issued_on)
  WHERE kind <> 'void';
