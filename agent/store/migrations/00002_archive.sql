-- +goose Up
-- What was changed while the program ran, over the file and the environment.
-- +goose StatementBegin
CREATE TABLE setting (
    key  TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
) WITHOUT ROWID;
-- +goose StatementEnd

-- Who changed what; secrets in full, as a change can be taken back.
-- +goose StatementBegin
CREATE TABLE change (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL, -- milliseconds since 1970
    who    TEXT    NOT NULL,
    why    TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    layer  TEXT    NOT NULL, -- whose word changed
    before TEXT    NOT NULL,
    after  TEXT    NOT NULL,
    had    INTEGER NOT NULL, -- the layer said something before
    has    INTEGER NOT NULL, -- and after
    undoes INTEGER NOT NULL  -- the change that this one takes back, 0 for none
);
-- +goose StatementEnd

-- The configuration file as it was when it was last found good; one row.
-- +goose StatementBegin
CREATE TABLE accepted (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    text BLOB    NOT NULL
);
-- +goose StatementEnd
