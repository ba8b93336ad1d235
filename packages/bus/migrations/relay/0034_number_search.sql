-- A number with its notation is looked for newest year first and by sender, out of the index alone:
-- thousands have given it, and what else has the number is not read.
DROP INDEX document_number;
CREATE INDEX document_number
  ON document (register_number, notation, register_year DESC, sender);
