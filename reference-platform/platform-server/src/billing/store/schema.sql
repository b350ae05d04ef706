-- Rows are stored whole, as JSON; what is searched for or must be unique is a column computed from the row, so that no
-- column can contradict it. The order in which rows came into being is their rowid.

CREATE TABLE customers (id TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT;

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    customer TEXT AS (row ->> 'customer') VIRTUAL,
    status TEXT AS (row ->> 'status') VIRTUAL,
    due_at ANY AS (row ->> 'due_at') VIRTUAL
) STRICT;
CREATE INDEX subscriptions_due ON subscriptions (due_at);
CREATE INDEX subscriptions_customer ON subscriptions (customer);

CREATE TABLE invoices (
    id TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    subscription TEXT AS (row ->> 'subscription') VIRTUAL,
    kind TEXT AS (row ->> 'kind') VIRTUAL,
    ordinal ANY AS (row ->> 'ordinal') VIRTUAL,
    period_start ANY AS (row ->> '$.period.start') VIRTUAL,
    state TEXT AS (row ->> 'state') VIRTUAL
) STRICT;
CREATE INDEX invoices_subscription ON invoices (subscription);
-- One invoice per period that is not void, and one per change of plan.
CREATE UNIQUE INDEX invoices_cycle ON invoices (subscription, period_start) WHERE kind = 'cycle' AND state <> 'void';
CREATE UNIQUE INDEX invoices_change ON invoices (subscription, period_start, kind, ordinal) WHERE kind = 'change';

CREATE TABLE attempts (
    key TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    subscription TEXT AS (row ->> 'subscription') VIRTUAL,
    invoice TEXT AS (row ->> 'invoice') VIRTUAL,
    state TEXT AS (row ->> 'state') VIRTUAL,
    card TEXT AS (row ->> 'card') VIRTUAL,
    ordinal ANY AS (row ->> 'ordinal') VIRTUAL,
    sent_at ANY AS (row ->> 'sent_at') VIRTUAL,
    check_at ANY AS (row ->> 'check_at') VIRTUAL,
    payment TEXT AS (row ->> 'payment') VIRTUAL
) STRICT;
CREATE INDEX attempts_subscription ON attempts (subscription);
CREATE INDEX attempts_due ON attempts (check_at) WHERE state IN ('in_flight', 'unknown', 'requires_action');
CREATE INDEX attempts_card ON attempts (card, sent_at) WHERE ordinal > 1;
CREATE UNIQUE INDEX attempts_payment ON attempts (payment) WHERE payment IS NOT NULL;
-- The proof of one charge: at most one attempt of an invoice has taken money or may still take it.
CREATE UNIQUE INDEX attempts_live ON attempts (invoice)
    WHERE state IN ('in_flight', 'unknown', 'requires_action', 'succeeded');

CREATE TABLE refunds (
    id TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    subscription TEXT AS (row ->> 'subscription') VIRTUAL,
    state TEXT AS (row ->> 'state') VIRTUAL,
    check_at ANY AS (row ->> 'check_at') VIRTUAL
) STRICT;
CREATE INDEX refunds_subscription ON refunds (subscription);
CREATE INDEX refunds_due ON refunds (check_at) WHERE state = 'pending';

CREATE TABLE disputes (
    id TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    subscription TEXT AS (row ->> 'subscription') VIRTUAL
) STRICT;
CREATE INDEX disputes_subscription ON disputes (subscription);

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    subscription TEXT AS (row ->> 'subscription') VIRTUAL
) STRICT;
CREATE INDEX grants_subscription ON grants (subscription);

-- A cause moves money once.
CREATE TABLE ledger (cause TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT;

CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    row TEXT NOT NULL,
    posted_at ANY AS (row ->> 'posted_at') VIRTUAL
) STRICT;
CREATE INDEX notices_waiting ON notices (id) WHERE posted_at IS NULL;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    row TEXT NOT NULL,
    subject TEXT AS (row ->> 'subject') VIRTUAL
) STRICT;
CREATE INDEX audit_subject ON audit (subject);

CREATE TABLE tasks (
    row TEXT NOT NULL,
    kind TEXT AS (row ->> 'kind') VIRTUAL,
    subject TEXT AS (row ->> 'subject') VIRTUAL
) STRICT;
CREATE UNIQUE INDEX tasks_unique ON tasks (kind, subject);

CREATE TABLE alerts (kind TEXT NOT NULL, subject TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, subject)) STRICT;

CREATE TABLE inbox (
    sender TEXT NOT NULL,
    account TEXT NOT NULL,
    event_id TEXT NOT NULL,
    row TEXT NOT NULL,
    body BLOB,
    object TEXT AS (row ->> 'object') VIRTUAL,
    created_s ANY AS (row ->> 'created_s') VIRTUAL,
    stored_at ANY AS (row ->> 'stored_at') VIRTUAL,
    check_at ANY AS (coalesce(row ->> '$.state.stored.due', row ->> '$.state.claimed.until')) VIRTUAL,
    PRIMARY KEY (sender, account, event_id)
) STRICT;
CREATE INDEX inbox_due ON inbox (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX inbox_object ON inbox (object) WHERE object IS NOT NULL;
CREATE INDEX inbox_body ON inbox (stored_at) WHERE body IS NOT NULL;

-- Answers under idempotency keys, so that a repeated request gets the first one's.
CREATE TABLE requests (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT;
CREATE INDEX requests_at ON requests (at);
