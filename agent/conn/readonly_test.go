package conn

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"calendarbot/scripts/demo/mischief"
)

// onDisk returns the folder of a disk that may be sealed; "" when the test ran, or was skipped, elsewhere.
func onDisk(t *testing.T) string {
	t.Helper()
	dir, err := mischief.WithDisk(t.Context(), t.Name(), t.TempDir())
	switch {
	case errors.Is(err, mischief.ErrNoDisk):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A disk that became read-only is read, whatever was left of the files beside the database.
func TestReadOnlyDiskIsRead(t *testing.T) {
	dir := onDisk(t)
	if dir == "" {
		return
	}
	path := filepath.Join(dir, "a.db")
	db, err := OpenDB(t.Context(), path, DBOptions{})
	must(t, err)
	mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER)")
	mustExec(t, db.Write(), "INSERT INTO t VALUES (1)")
	mustExec(t, db.Write(), "PRAGMA wal_checkpoint(TRUNCATE)")
	mustExec(t, db.Write(), "UPDATE t SET n = 2") // only the log knows it
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		files[suffix], err = os.ReadFile(path + suffix)
		must(t, err)
	}
	must(t, db.Close())

	for name, c := range map[string]struct {
		left []string
		want int
	}{
		"after a power cut":             {[]string{"", "-wal", "-shm"}, 2},
		"without the index of the log":  {[]string{"", "-wal"}, 2},
		"without a log":                 {[]string{""}, 1},
		"with the index of no log":      {[]string{"", "-shm"}, 1},
		"with an empty log and nothing": {[]string{"", "empty"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for suffix := range files {
				must(t, os.RemoveAll(path+suffix))
			}
			for _, suffix := range c.left {
				if suffix == "empty" {
					must(t, os.WriteFile(path+"-wal", nil, 0o600))
					continue
				}
				must(t, os.WriteFile(path+suffix, files[suffix], 0o600))
			}
			must(t, mischief.Seal(dir))
			defer func() { must(t, mischief.Unseal(dir)) }()
			db, err := OpenDB(t.Context(), path, DBOptions{})
			must(t, err)
			if !IsReadOnly(db.Unwritable()) || db.Exclusive() || db.InMemory() {
				t.Errorf("it says that it cannot be written because: %v", db.Unwritable())
			}
			for range 2 {
				var n int
				if err := db.Read().QueryRow("SELECT n FROM t").Scan(&n); err != nil || n != c.want {
					t.Errorf("read %d, %v, want %d", n, err, c.want)
				}
				if _, err := db.Write().Exec("UPDATE t SET n = 3"); !IsReadOnly(err) {
					t.Errorf("writing: %v", err)
				}
				must(t, db.CloseIdle())
			}
			must(t, db.Close())
		})
	}

	must(t, os.Remove(path))
	must(t, mischief.Seal(dir))
	for _, missing := range []string{path, filepath.Join(dir, "folder", "in", "folder", "a.db")} {
		if db, err := OpenDB(t.Context(), missing, DBOptions{}); db != nil || !IsReadOnly(err) || !Unwritable(err) {
			t.Errorf("%s: %v, want it told that the disk is read-only", missing, err)
		}
	}
	must(t, mischief.Unseal(dir))
	if db := openDB(t, path, DBOptions{}); db.Unwritable() != nil {
		t.Errorf("on a disk that can be written: %v", db.Unwritable())
	}
}

func TestDatabaseInMemoryLastsUntilItIsClosed(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "missing", "a?b.db"), "relative.db", ""} {
		db, err := OpenMemory(t.Context(), path, DBOptions{})
		must(t, err)
		mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER)")
		mustExec(t, db.Write(), "INSERT INTO t VALUES (1)")
		must(t, db.CloseIdle())
		tx, err := db.Write().Begin()
		must(t, err)
		_, err = tx.Exec("UPDATE t SET n = 2")
		must(t, err)
		must(t, tx.Rollback())
		var n int
		if err := db.Read().QueryRow("SELECT n FROM t").Scan(&n); err != nil || n != 1 {
			t.Errorf("%q: read %d, %v", path, n, err)
		}
		if !db.InMemory() || db.Unwritable() != nil || db.Exclusive() {
			t.Error("it does not tell what it is")
		}
		must(t, db.Close())
		again, err := OpenMemory(t.Context(), path, DBOptions{})
		must(t, err)
		mustExec(t, again.Write(), "CREATE TABLE t (n INTEGER)")
		must(t, again.Close())
	}
}
