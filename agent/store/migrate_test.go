package store

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"calendarbot/agent/conn"
)

// later returns the migrations with one more.
func later(t testing.TB, statement string) fs.FS {
	t.Helper()
	all := fstest.MapFS{"90000_later.sql": {Data: []byte("-- +goose Up\n" + statement + "\n")}}
	names, err := fs.Glob(schema(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(schema(), name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	return all
}

func TestLaterVersionMigratesAndKeepsACopy(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A")))
	k.must(k.Close())
	// A copy that an earlier migration left is replaced.
	k.must(os.WriteFile(copies(k.path).of(3), []byte("old"), 0o600))
	k.must(os.WriteFile(copies(k.path).of(3)+".new", []byte("of an interrupted migration"), 0o600))
	newer, err := open(t.Context(), k.options(), later(t, "ALTER TABLE source ADD COLUMN later TEXT NOT NULL DEFAULT 'yes';"))
	k.must(err)
	k.Store = newer
	if got := k.titles(march()); got != "work:A" {
		t.Errorf("after the migration: %s", got)
	}
	var text string
	k.must(newer.db.Read().QueryRow("SELECT later FROM source").Scan(&text))
	info, err := os.Stat(copies(k.path).of(3))
	k.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %v: its passwords could be read by others", info.Mode())
	}
	k.must(k.Close())

	// The copy is what the program of before can go on with.
	old := k.options()
	old.Path = copies(k.path).of(3)
	k.Store, err = Open(t.Context(), old)
	k.must(err)
	if got := k.titles(march()); got != "work:A" {
		t.Errorf("in the copy: %s", got)
	}
	if _, err := k.db.Read().Exec("SELECT later FROM source"); err == nil {
		t.Error("the copy was migrated too")
	}
}

func TestCurrentVersionIsNotCopied(t *testing.T) {
	k := newStore(t)
	k.restart()
	if all, err := copies(k.path).list(); err != nil || len(all) != 0 {
		t.Errorf("there are copies: %v, %v", all, err)
	}
}

// refused checks that the file cannot be opened, for the reason, and is left as it was.
func refused(t *testing.T, path, reason string, migrations fs.FS) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context(), Options{Path: path}, migrations)
	if err == nil {
		t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
	}
	if !strings.Contains(err.Error(), reason) {
		t.Errorf("%v, want it to say %q", err, reason)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed (%v)", err)
	}
	aside, err := filepath.Glob(path + corruptSuffix + "*")
	if err != nil || len(aside) != 0 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
}

func TestDatabaseOfAnotherProgramIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := conn.OpenDB(t.Context(), path, conn.DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write().Exec("CREATE TABLE recipes (name TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, path, "another program", schema())
}

func TestMigrationThatFailsLeavesTheOldDatabase(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A")))
	k.must(k.Close())
	_, err := open(t.Context(), k.options(), later(t, "CREATE TABLE later (n INTEGER);\nINSERT INTO nowhere VALUES (1);"))
	if err == nil || !strings.Contains(err.Error(), "migrate the database") {
		t.Errorf("got %v", err)
	}
	k.open()
	if got := k.titles(march()); got != "work:A" {
		t.Errorf("got %s", got)
	}
	var n int
	if err := k.db.Read().QueryRow("SELECT count(*) FROM later").Scan(&n); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Error("half of the migration was kept")
	}
}

func TestInterruptedFirstStartIsFinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := open(t.Context(), Options{Path: path}, fstest.MapFS{"00001_broken.sql": {Data: []byte("-- +goose Up\nINSERT INTO nowhere VALUES (1);\n")}})
	if err == nil {
		t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
	}
	s, err = Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
