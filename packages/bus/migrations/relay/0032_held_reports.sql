-- A reload of trust goes through what is held for one finding, however much else was refused.
CREATE INDEX rejected_record_held ON rejected_record (finding, id) WHERE message IS NOT NULL;
