CREATE TABLE documents (
    space TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    grp TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_by_group ON documents (space, kind, grp, key);
