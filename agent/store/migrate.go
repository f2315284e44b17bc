package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"

	"calendarbot/agent/conn"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// copySuffix names the copy of the database that is made before a migration; there is one.
const copySuffix = ".before-migration"

// schema returns the migrations of this program.
func schema() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// migrate brings the database to the newest version that the migrations know.
func migrate(ctx context.Context, db *conn.DB, path string, migrations fs.FS) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db.Write(), migrations,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	known := p.ListSources()
	newest := known[len(known)-1].Version
	have, err := version(ctx, db.Write())
	switch {
	case err != nil:
		return err
	case have == newest:
		return nil // goose itself would take several transactions to find that out
	case have > newest:
		return fmt.Errorf("%s was written by a newer version of the program (schema %d, this one knows %d): "+
			"install that version again, or move the file away to start anew", path, have, newest)
	case have > 0:
		if err := snapshot(ctx, db.Write(), path+copySuffix); err != nil {
			return fmt.Errorf("copy the database before migrating it: %w", err)
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database from schema %d to %d: %w", have, newest, err)
	}
	return nil
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

// snapshot writes a copy of the database to the file, in place of an older one.
func snapshot(ctx context.Context, db *sql.DB, file string) error {
	unfinished := file + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// The copy holds passwords too; SQLite keeps the mode of an empty file.
	f, err := os.OpenFile(unfinished, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", unfinished)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	return os.Rename(unfinished, file)
}
