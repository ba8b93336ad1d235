-- The open part as it travels where it is deflated, kept until every recipient has answered: a blob
-- that was begun goes on with the same bytes. NULL: it travels as it stands in its package.
ALTER TABLE sealed_content ADD COLUMN packed_open BLOB;
