-- Contradictions that were counted before duplicates were are looked at once more, for these alone.
ALTER TABLE figure_state ADD COLUMN duplicate INTEGER NOT NULL DEFAULT 0;
