-- Counted every minute: without it each count read the whole inbox, packages and all.
CREATE INDEX incoming_unanswered ON incoming (received_ms) WHERE state = 'open';
