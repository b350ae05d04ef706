-- What cleaning looks for, so that it reads what it deletes and nothing else.

CREATE INDEX inbox_emptied ON inbox (stored_at) WHERE body IS NULL;
CREATE INDEX notices_posted ON notices (posted_at) WHERE posted_at IS NOT NULL;
