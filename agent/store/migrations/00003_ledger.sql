-- +goose Up
-- What the device did by itself against a shortage, and the reading that caused it. "limit" is a word of SQL.
-- +goose StatementBegin
CREATE TABLE action (
    id     INTEGER PRIMARY KEY,
    sign   TEXT    NOT NULL,
    step   INTEGER NOT NULL,
    value  REAL, -- NULL: not a number
    bound  REAL,
    unit   TEXT    NOT NULL,
    done   TEXT    NOT NULL, -- a sentence for a person
    began  INTEGER NOT NULL, -- milliseconds since 1970
    ended  INTEGER NOT NULL  -- 0: it lasted when this was written
);
-- +goose StatementEnd

-- The roll-up of a day.
-- +goose StatementBegin
CREATE TABLE day (
    date     TEXT    NOT NULL PRIMARY KEY, -- 2026-01-31, in the device's zone
    minutes  INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    tight    INTEGER NOT NULL, -- nanoseconds spent there
    critical INTEGER NOT NULL,
    figures  TEXT    NOT NULL  -- JSON: of each quantity the lowest, the mean and the highest, null where it is not known
) WITHOUT ROWID;
-- +goose StatementEnd

-- How fast each release line answered when it was new.
-- +goose StatementBegin
CREATE TABLE baseline (
    line     TEXT    NOT NULL PRIMARY KEY,
    mean     INTEGER NOT NULL, -- nanoseconds
    p99      INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    since    INTEGER NOT NULL  -- milliseconds since 1970
) WITHOUT ROWID;
-- +goose StatementEnd
