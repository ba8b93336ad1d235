-- By the code of the holder, which is its key: by that of the entry each look-up read the whole directory.
DROP VIEW agency;
CREATE VIEW agency AS
  SELECT h.code, e.name, e.tier, e.parent, e.site, e.role, e.valid_from_ms, e.valid_to_ms
  FROM directory_holder AS h JOIN directory_entry AS e
  ON e.registrar = h.registrar AND e.sequence = h.sequence;
