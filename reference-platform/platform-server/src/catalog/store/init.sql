-- The catalogue's name, given at random when it is made.
CREATE TABLE catalogue (name TEXT NOT NULL);
INSERT INTO catalogue (name) VALUES (lower(hex(randomblob(16))));

-- A number is never given twice: the index and the feed know titles by it.
-- Hashes are the first 64 bits of BLAKE3 over the text and over the windows. `run` and `line` say which import wrote it last.
CREATE TABLE titles (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    text_hash INTEGER NOT NULL,
    windows_hash INTEGER NOT NULL,
    run INTEGER,
    line INTEGER
);

-- A title may be watched in `territory` from `start_us` until just before `end_us` (microseconds since 1970-01-01;
-- null: for good) by those who have paid for `tier` (0 free, 1 basic, 2 premium) or more.
CREATE TABLE availability (
    title INTEGER NOT NULL,
    place INTEGER NOT NULL,
    territory TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER,
    tier INTEGER NOT NULL,
    PRIMARY KEY (title, place)
) WITHOUT ROWID;

-- What changed, in order: the latest change of each kind per title. `title`: text and windows, or the title is gone.
CREATE TABLE feed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    title INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('title', 'windows')),
    UNIQUE (title, what)
);

-- How far each file has come. `digest` is over the records read so far, so that a changed file is noticed.
CREATE TABLE imports (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    format TEXT NOT NULL,
    records INTEGER NOT NULL,
    digest BLOB NOT NULL,
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('begun', 'finished'))
);
CREATE INDEX imports_by_source ON imports (source, run);

-- Records that need a person.
CREATE TABLE quarantine (
    source TEXT NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL,
    suggestion TEXT NOT NULL,
    raw TEXT NOT NULL,
    PRIMARY KEY (source, line)
) WITHOUT ROWID;
