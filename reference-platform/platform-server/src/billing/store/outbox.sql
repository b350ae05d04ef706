-- When a notice may be posted; rows from before this step have no such field, and may be posted at once.

ALTER TABLE notices ADD COLUMN post_at ANY AS (coalesce(row ->> 'post_at', 0)) VIRTUAL;
DROP INDEX notices_waiting;
CREATE INDEX notices_waiting ON notices (post_at) WHERE posted_at IS NULL;
