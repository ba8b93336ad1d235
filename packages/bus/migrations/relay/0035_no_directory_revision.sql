-- Nobody asked for it: what depends on the directory is told by figure_change.
ALTER TABLE figure_state DROP COLUMN directory_revision;
