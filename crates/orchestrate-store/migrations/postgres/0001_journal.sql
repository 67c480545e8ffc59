CREATE SEQUENCE orchestrate_run_numbers;

-- One row per run. `seal` covers all other columns, so that a changed list is noticed too.
CREATE TABLE orchestrate_runs (
    run BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    task TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    origin TEXT,
    -- Counts the owners; every write of an owner carries the epoch that it was given.
    epoch BIGINT NOT NULL,
    owner TEXT,
    -- The number and the digest of the last entry.
    head BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    steps BIGINT NOT NULL,
    ended BOOLEAN NOT NULL,
    paused BOOLEAN NOT NULL,
    outcome TEXT,
    seal BYTEA NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX orchestrate_runs_by_age ON orchestrate_runs (created_ms DESC, run DESC);

-- The heads of all runs a second time: whoever loses rows of a run is seen to have lost them.
CREATE TABLE orchestrate_heads (
    run BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    entry BIGINT NOT NULL,
    digest BYTEA NOT NULL
) WITH (fillfactor = 50);

-- The entries of all runs: JSON in UTF-8, as bytes because their digests are over bytes.
CREATE TABLE orchestrate_entries (
    run BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (run, entry)
);

-- The steps that have ended, by digest of their path: the end of a step is recorded once.
CREATE TABLE orchestrate_step_ends (
    run BIGINT NOT NULL,
    step BYTEA NOT NULL,
    PRIMARY KEY (run, step)
);

-- Large values, once each, and which runs use them.
CREATE TABLE orchestrate_contents (
    digest BYTEA PRIMARY KEY,
    body BYTEA NOT NULL
);
CREATE TABLE orchestrate_uses (
    run BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    PRIMARY KEY (run, digest)
);
CREATE INDEX orchestrate_users ON orchestrate_uses (digest);

-- What others told a run; `step` is empty for the wish that it stops. `seal` covers the rest.
CREATE TABLE orchestrate_outside (
    run BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    seal BYTEA NOT NULL,
    PRIMARY KEY (run, kind, step)
);
