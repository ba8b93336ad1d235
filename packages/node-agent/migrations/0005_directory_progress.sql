-- How far the directory was read in order. An entry that was asked for alone, because a message needed
-- it, may be far ahead: those before it must still be fetched, or a closed agency stays open here.
CREATE TABLE directory_progress (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  read_up_to INTEGER NOT NULL CHECK (read_up_to >= 0) -- 1..read_up_to were all seen
) STRICT;
INSERT INTO directory_progress (id, read_up_to) VALUES (1, 0);
