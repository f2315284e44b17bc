package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/conn"
	"calendarbot/agent/durable"
)

const (
	// backSuffix names the file that is made beside the database of a later program, to take its place.
	backSuffix = ".back"
	// maxLent is the largest file, in bytes, that is held in memory when there is no room to change it.
	maxLent = 32 << 20
)

// part is what is taken over together from the database of a later program, or not at all.
type part struct {
	name   string // for a person
	tables []string
	read   func(p *picture, ctx context.Context, db *sql.DB) error // by our own queries
}

// parts are all that this program keeps. A migration may not let a column mean something else: it gets another name then.
func parts() []part {
	return []part{
		{"calendars", []string{"source", "feed", "component"}, func(p *picture, ctx context.Context, db *sql.DB) error {
			return errors.Join(p.loadSources(ctx, db), p.loadFeeds(ctx, db))
		}},
		{"hidden events", []string{"hidden"}, (*picture).loadHidden},
		{"skipped events", []string{"skip"}, (*picture).loadSkips},
		{"settings", []string{"setting", "change", "accepted"}, (*picture).loadArchive},
		{"records of the device", []string{"action", "day", "baseline"}, (*picture).loadLedger},
		{"generation", []string{"meta"}, (*picture).loadGeneration},
	}
}

// goBack gives this program a database of its own schema where a later one has changed the file: the newest copy that this program
// knows, or an empty one, with all that it understands of the file as that is now. The file is kept as the copy of its schema. Until
// the new one is whole and takes its place at once the file stays as it is, so that this can be broken off anywhere and begun again.
// later is the open file; it is closed. The sentence tells a person of it.
func (s *Store) goBack(ctx context.Context, later *conn.DB, why *laterError) (words string, err error) {
	kept, from, err := s.build(ctx, later, why)
	if err = errors.Join(err, later.Close()); err != nil {
		return "", errors.Join(err, empty(s.o.Path+backSuffix), remove(s.o.Path+backSuffix))
	}
	if err := unlogged(s.o.Path); err != nil {
		return "", fmt.Errorf("close the database of a later version: %w", err)
	}
	if err := unlogged(s.o.Path + backSuffix); err != nil {
		return "", fmt.Errorf("close the database that is to take its place: %w", err)
	}
	if err := errors.Join(durable.Remove(s.o.Path+"-wal"), durable.Remove(s.o.Path+"-shm")); err != nil {
		return "", err
	}
	c := copies(s.o.Path)
	if err := c.keep(why.has); err != nil {
		return "", fmt.Errorf("keep the database of a later version: %w", err)
	}
	if err := durable.Rename(s.o.Path+backSuffix, s.o.Path); err != nil {
		return "", err
	}
	c.prune(why.has)
	return goneBack(kept, from, fmt.Sprintf("What only the later version knows is kept in %s.", filepath.Base(c.of(why.has)))), nil
}

// unlogged is an error when a database that is closed has a log that could not be written back to it: the file alone is not what was
// stored, and under another name it would be taken for that.
func unlogged(name string) error {
	log, err := os.Stat(name + "-wal")
	if err == nil && log.Size() > 0 {
		return syscall.EBUSY
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// build makes the file that is to take the place of that of a later program. It returns what was not taken over, and when the copy
// was made that it began with, zero for none.
func (s *Store) build(ctx context.Context, later *conn.DB, why *laterError) (lost []string, from time.Time, err error) {
	c := copies(s.o.Path)
	size, err := c.size()
	if err != nil {
		return nil, from, err
	}
	start, there := c.newest(why.knows)
	if err := c.room(2*size + start.size); err != nil {
		return nil, from, err
	}
	back := s.o.Path + backSuffix
	if err := empty(back); err != nil {
		return nil, from, err
	}
	if there {
		if err := copyFile(start.name, back); err != nil {
			return nil, from, err
		}
	}
	db, err := s.begin(ctx, back)
	if conn.IsCorrupt(err) && there { // the copy is of no use
		there = false
		if err := empty(back); err != nil {
			return nil, from, err
		}
		db, err = s.begin(ctx, back)
	}
	if err != nil {
		return nil, from, err
	}
	lost, err = carry(ctx, later, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, from, err
	}
	if there {
		from = start.at
	}
	return lost, from, durable.Sync(back)
}

// begin opens a file and brings it to the schema of this program. A copy of the copy is not needed.
func (s *Store) begin(ctx context.Context, name string) (*conn.DB, error) {
	db, err := conn.OpenDB(ctx, name, s.o.DB)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, name, s.migrations); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// carry takes over into the database of our own schema what we understand of that of a later program, and returns the names of the
// parts that we do not.
func carry(ctx context.Context, later, ours *conn.DB) (lost []string, err error) {
	known := map[string]bool{}
	for _, one := range parts() {
		known[one.name] = one.read(newPicture(), ctx, later.Write()) == nil
	}
	sources := newPicture().loadSources(ctx, later.Write()) == nil
	c, err := later.Write().Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, `ATTACH ? AS ours`, ours.URI()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	defer func() {
		_, detached := c.ExecContext(context.WithoutCancel(ctx), `DETACH ours`)
		err = errors.Join(err, detached, c.Close())
	}()
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, one := range parts() {
		taken := known[one.name]
		if taken {
			if taken, err = attempt(ctx, tx, one.take); err != nil {
				return nil, rollback(tx, err)
			}
		}
		if taken {
			continue
		}
		lost = append(lost, one.name)
		if one.tables[0] != "source" || !sources {
			continue
		}
		if _, err := attempt(ctx, tx, takeSources); err != nil {
			return nil, rollback(tx, err)
		}
	}
	return lost, tx.Commit()
}

// attempt does something whole or not at all, and tells which. An error is that of the disk: it would be so with whatever is done.
func attempt(ctx context.Context, tx *sql.Tx, do func(context.Context, *sql.Tx) error) (bool, error) {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT part`); err != nil {
		return false, err
	}
	err := do(ctx, tx)
	switch {
	case conn.IsFull(err) || conn.Unwritable(err) || context.Cause(ctx) != nil:
		return false, err
	case err != nil:
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO part`); err != nil {
			return false, err
		}
	}
	if _, err := tx.ExecContext(ctx, `RELEASE part`); err != nil {
		return false, err
	}
	return err == nil, nil
}

// take puts the rows of the later database in the place of ours, in the columns that both have.
func (p part) take(ctx context.Context, tx *sql.Tx) error {
	for i := len(p.tables) - 1; i >= 0; i-- { // what refers to others comes after them
		if _, err := tx.ExecContext(ctx, `DELETE FROM ours.`+p.tables[i]); err != nil {
			return err
		}
	}
	for _, table := range p.tables {
		var columns []string
		err := each(ctx, tx, `SELECT name FROM pragma_table_info(?, 'ours') WHERE name IN (SELECT name FROM pragma_table_info(?, 'main'))`,
			func(rows *sql.Rows) error {
				columns = append(columns, "")
				return rows.Scan(&columns[len(columns)-1])
			}, table, table)
		if err != nil {
			return err
		}
		list := `"` + strings.Join(columns, `", "`) + `"`
		if _, err := tx.ExecContext(ctx, `INSERT INTO ours.`+table+` (`+list+`) SELECT `+list+` FROM main.`+table); err != nil {
			return err
		}
	}
	return nil
}

// takeSources takes over which calendars there are, where their events are not understood: those of the copy stand until they are
// fetched anew, at once.
func takeSources(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM ours.source WHERE id NOT IN (SELECT id FROM main.source)`)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO ours.source (id, web, position, settings, fingerprint)
		SELECT id, web, position, settings, fingerprint FROM main.source ORDER BY num
		ON CONFLICT (id) DO UPDATE SET web = excluded.web, position = excluded.position, settings = excluded.settings,
			fingerprint = excluded.fingerprint`)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE ours.source SET etag = '', last_modified = '', next_try = 0`)
	return err
}

// goneBack tells a person that an earlier version goes on, and what it did not understand.
func goneBack(lost []string, from time.Time, rest string) string {
	words := "An earlier version of the program runs again, on a database that a later one had changed. "
	var told []string
	for _, name := range lost {
		if name != "generation" {
			told = append(told, name)
		}
	}
	switch list := strings.Join(told, ", "); {
	case list == "":
		words += "Calendars, settings and hidden events were taken over. "
	case from.IsZero():
		words += "It could not read everything; what has to be entered or fetched again: " + list + ". "
	default:
		words += fmt.Sprintf("It could not read everything; as they were on %s are: %s. ", from.Format(time.DateOnly), list)
	}
	return words + rest
}

// lend makes a copy of the file in memory, when there is no room to change it on the disk. db is the file, and stays open.
func (s *Store) lend(ctx context.Context, db *conn.DB) (memory *conn.DB, err error) {
	size, err := copies(s.o.Path).size()
	switch {
	case err != nil:
		return nil, err
	case size > maxLent:
		return nil, fmt.Errorf("%d bytes are too many to hold in memory", size)
	}
	if memory, err = conn.OpenMemory(ctx, s.o.Path, s.o.DB); err != nil {
		return nil, err
	}
	if err := s.lendTo(ctx, memory, db); err != nil {
		return nil, errors.Join(err, memory.Close())
	}
	return memory, nil
}

// lendTo puts into a database in memory what is in the file, in our schema.
func (s *Store) lendTo(ctx context.Context, memory, db *conn.DB) error {
	p, err := provider(memory, s.migrations)
	if err != nil {
		return err
	}
	has, err := version(ctx, db.Write())
	switch {
	case err != nil:
		return err
	case has <= newestOf(p):
		_, err = db.Write().ExecContext(ctx, `VACUUM INTO ?`, memory.URI())
		return errors.Join(err, migrate(ctx, memory, s.o.Path, s.migrations))
	}
	if err := migrate(ctx, memory, s.o.Path, s.migrations); err != nil {
		return err
	}
	_, err = carry(ctx, db, memory)
	return err
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
