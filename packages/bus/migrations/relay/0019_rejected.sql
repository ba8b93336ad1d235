-- Whoever sends much that is refused must not make each further refusal dearer.
CREATE INDEX rejected_record_kept ON rejected_record (claimed_from) WHERE message IS NOT NULL;
CREATE INDEX rejected_record_listed ON rejected_record (id) WHERE message IS NULL;
