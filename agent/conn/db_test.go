package conn

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"calendarbot/agent/config"
)

func openDB(t *testing.T, path string, o DBOptions) *DB {
	t.Helper()
	db, err := OpenDB(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		settled(t, db.Stats)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if s := db.Stats(); s.Idle != 0 || s.Opened != s.Closed {
			t.Errorf("connections stay open: %+v", s)
		}
	})
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func pragma(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	var value string
	if err := db.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestConnectionsAreSetUpAsPromised(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "a.db"), DBOptions{BusyTimeout: 1234 * time.Millisecond})
	for _, c := range []struct {
		db         *sql.DB
		name, want string
	}{
		{db.Write(), "journal_mode", "wal"},
		{db.Write(), "synchronous", "2"}, // FULL: a commit survives a power cut
		{db.Write(), "foreign_keys", "1"},
		{db.Write(), "busy_timeout", "1234"},
		{db.Write(), "cache_size", "-1024"},
		{db.Write(), "mmap_size", "0"},
		{db.Write(), "temp_store", "2"},
		{db.Write(), "query_only", "0"},
		{db.Read(), "journal_mode", "wal"},
		{db.Read(), "query_only", "1"},
		{db.Read(), "busy_timeout", "1234"},
		{db.Read(), "cache_size", "-512"},
	} {
		if got := pragma(t, c.db, c.name); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestReadersReadWhileTheWriterWrites(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "a.db"), DBOptions{})
	mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER)")
	mustExec(t, db.Write(), "INSERT INTO t VALUES (1)")
	tx, err := db.Write().Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("UPDATE t SET n = 2"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Read().QueryRow("SELECT n FROM t").Scan(&n); err != nil || n != 1 {
		t.Errorf("a reader sees %d, %v during the transaction, want 1", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Read().QueryRow("SELECT n FROM t").Scan(&n); err != nil || n != 2 {
		t.Errorf("a reader sees %d, %v after the commit, want 2", n, err)
	}
	if _, err := db.Read().Exec("UPDATE t SET n = 3"); !IsReadOnly(err) {
		t.Errorf("writing through a reader: %v, want it refused", err)
	}
}

func TestReadersAreBounded(t *testing.T) {
	for asked, want := range map[int]int{0: 3, -1: 3, 1: 1, 10: 10, 5000: 10} {
		db := openDB(t, filepath.Join(t.TempDir(), "a.db"), DBOptions{DB: config.DB{Readers: asked}})
		if got := db.Stats().Size; got != want {
			t.Errorf("%d readers asked for: %d, want %d", asked, got, want)
		}
	}
}

func TestNamesWithSpecialCharactersAreNames(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory.db", "a#b.db", "50%20.db", "ü.db", "a&_query_only=1.db"} {
		path := filepath.Join(t.TempDir(), name)
		db := openDB(t, path, DBOptions{})
		mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER)")
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v: its passwords could be read by others", name, info.Mode())
		}
	}
}

func TestCloseWritesTheLogBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := OpenDB(t.Context(), path, DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER)")
	if pragma(t, db.Read(), "user_version") != "0" {
		t.Fatal("unexpected version")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log is still there: %v", err)
	}
}

func TestPathThatCannotBeOpenedIsToldWithItsReason(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenDB(t.Context(), filepath.Join(dir, "missing", "a.db"), DBOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	if _, err := OpenDB(t.Context(), dir, DBOptions{}); err == nil {
		t.Error("a folder was opened as a database")
	}
}

func TestErrorsAreToldApart(t *testing.T) {
	kinds := func(err error) string {
		return fmt.Sprintf("corrupt=%v full=%v busy=%v readonly=%v", IsCorrupt(err), IsFull(err), IsBusy(err), IsReadOnly(err))
	}
	for _, c := range []struct {
		name string
		err  func(t *testing.T) error
		want string
	}{
		{"not a database", func(t *testing.T) error {
			path := filepath.Join(t.TempDir(), "a.db")
			if err := os.WriteFile(path, []byte("this is no database, and it is long enough to be sure of that\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := OpenDB(t.Context(), path, DBOptions{})
			return err
		}, "corrupt=true full=false busy=false readonly=false"},
		{"full", func(t *testing.T) error {
			db := openDB(t, filepath.Join(t.TempDir(), "a.db"), DBOptions{})
			mustExec(t, db.Write(), "CREATE TABLE t (b BLOB)")
			mustExec(t, db.Write(), "PRAGMA max_page_count = 10")
			_, err := db.Write().Exec("INSERT INTO t VALUES (zeroblob(1000000))")
			return err
		}, "corrupt=false full=true busy=false readonly=false"},
		{"held by another", func(t *testing.T) error {
			path := filepath.Join(t.TempDir(), "a.db")
			db, other := openDB(t, path, DBOptions{}), openDB(t, path, DBOptions{BusyTimeout: time.Millisecond})
			tx, err := db.Write().Begin()
			if err != nil {
				t.Fatal(err)
			}
			_, got := other.Write().Begin()
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			return got
		}, "corrupt=false full=false busy=true readonly=false"},
		{"cancelled", func(t *testing.T) error {
			db := openDB(t, filepath.Join(t.TempDir(), "a.db"), DBOptions{})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := db.Write().ExecContext(ctx, "CREATE TABLE t (n INTEGER)")
			return err
		}, "corrupt=false full=false busy=false readonly=false"},
		{"none", func(*testing.T) error { return nil }, "corrupt=false full=false busy=false readonly=false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.err(t)
			if got := kinds(fmt.Errorf("wrapped: %w", err)); got != c.want {
				t.Errorf("%v is told as %s, want %s", err, got, c.want)
			}
		})
	}
}

func TestDamagedPageIsCorrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := OpenDB(t.Context(), path, DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, db.Write(), "CREATE TABLE t (b BLOB)")
	mustExec(t, db.Write(), "INSERT INTO t VALUES (zeroblob(100000)), (zeroblob(100))")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for page := int64(1); page < 10; page++ {
		if _, err := f.WriteAt([]byte("nonsense nonsense nonsense"), page*4096); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDB(t, path, DBOptions{})
	var n int
	if err := db.Read().QueryRow("SELECT sum(length(b)) FROM t").Scan(&n); !IsCorrupt(err) {
		t.Errorf("reading a damaged page: %v", err)
	}
}

func TestDatabaseIsFoundByAnotherOne(t *testing.T) {
	file, _ := OpenDB(t.Context(), filepath.Join(t.TempDir(), "a b?.db"), DBOptions{})
	memory, err := OpenMemory(t.Context(), "/c.db", DBOptions{})
	if err != nil || file == nil {
		t.Fatal(err)
	}
	for from, to := range map[*DB]*DB{file: memory, memory: file} {
		c, err := from.Write().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, attached := c.ExecContext(t.Context(), "ATTACH ? AS other", to.URI())
		_, made := c.ExecContext(t.Context(), "CREATE TABLE other.a (n)")
		_, detached := c.ExecContext(t.Context(), "DETACH other")
		if err := errors.Join(attached, made, detached, c.Close()); err != nil {
			t.Error(err)
		}
		var n int
		if err := to.Write().QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil {
			t.Errorf("%s: %v", to.URI(), err)
		}
	}
	if err := errors.Join(file.Close(), memory.Close()); err != nil {
		t.Error(err)
	}
}
