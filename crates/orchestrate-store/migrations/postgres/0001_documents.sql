CREATE TABLE orchestrate_documents (
    space TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    grp TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, kind, key)
);
CREATE INDEX orchestrate_documents_by_group ON orchestrate_documents (space, kind, grp, key);
