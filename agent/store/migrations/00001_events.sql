-- +goose Up
-- +goose StatementBegin
CREATE TABLE meta (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
-- +goose StatementEnd
INSERT INTO meta VALUES ('generation', 0);

-- How a source fares. Times are milliseconds since 1970, 0 for never.
-- +goose StatementBegin
CREATE TABLE source (
    num           INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    web           INTEGER NOT NULL, -- added by a person, not by the configuration
    position      INTEGER NOT NULL, -- in the configuration
    settings      TEXT    NOT NULL, -- JSON; the operator's credentials are not in it
    fingerprint   BLOB    NOT NULL, -- of what decides which feed it is
    etag          TEXT    NOT NULL DEFAULT '',
    last_modified TEXT    NOT NULL DEFAULT '',
    events        INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    last_success  INTEGER NOT NULL DEFAULT 0,
    last_try      INTEGER NOT NULL DEFAULT 0,
    next_try      INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER NOT NULL DEFAULT 0,
    code          TEXT    NOT NULL DEFAULT '', -- of the last failure, '' when the last try succeeded
    error         TEXT    NOT NULL DEFAULT ''
);
-- +goose StatementEnd

-- What the last good fetch said about the feed as a whole. It is apart from the source because
-- it may be large and rarely changes.
-- +goose StatementBegin
CREATE TABLE feed (
    source   INTEGER PRIMARY KEY REFERENCES source (num) ON DELETE CASCADE,
    revision INTEGER NOT NULL, -- grows with every change of the feed or its events
    name     TEXT    NOT NULL,
    hash     BLOB    NOT NULL, -- of the preamble
    preamble BLOB    NOT NULL,
    problems TEXT    NOT NULL, -- JSON
    more     INTEGER NOT NULL
);
-- +goose StatementEnd

-- The text is last: what is looked for must not lie behind its overflow pages.
-- +goose StatementBegin
CREATE TABLE component (
    id      INTEGER PRIMARY KEY,
    source  INTEGER NOT NULL REFERENCES source (num) ON DELETE CASCADE,
    series  INTEGER, -- hash of the UID where it has had several components; two UIDs that share one are only read together
    first   INTEGER NOT NULL, -- calendar.Bounds
    last    INTEGER NOT NULL,
    hash    BLOB    NOT NULL, -- of the UID, the bounds and the text
    ordinal INTEGER NOT NULL, -- place in the feed when it was first seen
    text    BLOB    NOT NULL
);
-- +goose StatementEnd
CREATE INDEX component_span ON component (last, first, series, source);
-- Most components are alone. That they are not in an index makes the first fetch a third cheaper.
CREATE INDEX component_series ON component (source, series) WHERE series IS NOT NULL;

-- +goose StatementBegin
CREATE TABLE hidden (
    id     TEXT    NOT NULL PRIMARY KEY,
    series INTEGER NOT NULL,
    title  TEXT    NOT NULL,
    since  INTEGER NOT NULL
) WITHOUT ROWID;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TABLE skip (
    id      TEXT    NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
-- +goose StatementEnd
