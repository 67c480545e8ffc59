-- One row per run. `seal` covers all other columns, so that a changed list is noticed too.
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    task TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    origin TEXT,
    -- Counts the owners; every write of an owner carries the epoch that it was given.
    epoch INTEGER NOT NULL,
    owner TEXT,
    -- The number and the digest of the last entry.
    head INTEGER NOT NULL,
    digest BLOB NOT NULL,
    steps INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    outcome TEXT,
    seal BLOB NOT NULL
);

-- The entries of all runs: `place` is the run times 2^32 plus the number of the entry.
CREATE TABLE entries (
    place INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    body BLOB NOT NULL
);

-- The steps that have ended, by digest of their path: the end of a step is recorded once.
CREATE TABLE step_ends (
    run INTEGER NOT NULL,
    step BLOB NOT NULL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;

-- Large values, once each, and which runs use them.
CREATE TABLE contents (
    content INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL
);
CREATE TABLE uses (
    run INTEGER NOT NULL,
    content INTEGER NOT NULL,
    PRIMARY KEY (run, content)
) WITHOUT ROWID;
CREATE INDEX users ON uses (content);

-- What others told a run; `step` is empty for the wish that it stops. `seal` covers the rest.
CREATE TABLE outside (
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    body TEXT NOT NULL,
    seal BLOB NOT NULL,
    PRIMARY KEY (run, kind, step)
) WITHOUT ROWID;
