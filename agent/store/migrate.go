package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"calendarbot/agent/conn"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// schema returns the migrations of this program.
func schema() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// laterError says that a later version of the program has changed the database.
type laterError struct{ has, knows int64 }

func (e *laterError) Error() string {
	return fmt.Sprintf("a later version of the program has written it (schema %d, this one knows %d)", e.has, e.knows)
}

// migrate brings the database to the newest version that the migrations know. Before a file is changed it is copied, as copies tells;
// a file that has a later version is left alone, and is a laterError.
func migrate(ctx context.Context, db *conn.DB, path string, migrations fs.FS) error {
	p, err := provider(db, migrations)
	if err != nil {
		return err
	}
	newest := newestOf(p)
	have, err := version(ctx, db.Write())
	switch {
	case err != nil:
		return err
	case have == newest:
		return nil // goose itself would take several transactions to find that out
	case have > newest:
		return &laterError{has: have, knows: newest}
	case have > 0 && !db.InMemory():
		if err := copies(path).add(ctx, db.Write(), have); err != nil {
			return fmt.Errorf("copy the database before migrating it: %w", err)
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database from schema %d to %d: %w", have, newest, err)
	}
	return nil
}

func provider(db *conn.DB, migrations fs.FS) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectSQLite3, db.Write(), migrations,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// newestOf is the schema that the migrations lead to.
func newestOf(p *goose.Provider) int64 {
	known := p.ListSources()
	return known[len(known)-1].Version
}

// version returns the version of the schema, 0 for an empty database.
func version(ctx context.Context, db *sql.DB) (int64, error) {
	var tables, ours int
	err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = ?) FROM sqlite_schema WHERE type = 'table'`,
		goose.DefaultTablename).Scan(&tables, &ours)
	if err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, nil
	}
	if ours == 0 {
		return 0, errors.New("it is the database of another program")
	}
	var v sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+goose.DefaultTablename).Scan(&v)
	return v.Int64, err
}
