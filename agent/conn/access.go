package conn

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// access is how a database is opened. All but the shared one go over a single connection, for readers too.
type access int

const (
	shared    access = iota // readers beside the writer
	exclusive               // without the file that these share, for which there is no room
	unlogged                // a file that cannot be written and has no log
	logged                  // a file that cannot be written, and changes in its log
	inMemory                // no file
)

// name is what SQLite calls the file at path.
func (a access) name(path string) string {
	if a == inMemory {
		return "/memory/" + path // connections share what is in memory under a name with a slash
	}
	return path
}

// adjust changes how the writer opens the file.
func (a access) adjust(w url.Values) {
	if a == shared {
		return
	}
	// The driver would set the journal before the locking. The file remembers that it has a log.
	w.Del("_journal_mode")
	// A reader's transaction must not need to write.
	w.Del("_txlock")
	switch a {
	case exclusive:
		w.Set("_locking_mode", "EXCLUSIVE")
	case unlogged:
		w.Set("mode", "ro")
		w.Set("immutable", "1") // else SQLite wants to make a log
	case logged:
		w.Set("mode", "ro")
		// To read a log SQLite writes an index of it beside it, unless nobody else may use the file; and
		// the lock for that needs a file that can be written, unless there are no locks.
		w.Set("_locking_mode", "EXCLUSIVE")
		w.Set("vfs", "unix-none")
	case inMemory:
		w.Set("vfs", "memdb")
	}
}

// openReadOnly opens a file that cannot be written, which why tells, together with the changes that are still in its log.
func openReadOnly(ctx context.Context, path string, o DBOptions, why error) (*DB, error) {
	how := unlogged
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		how = logged
	}
	db, err := open(ctx, path, o, how)
	if err != nil {
		return nil, errors.Join(why, err)
	}
	db.unwritable = why
	return db, nil
}

// OpenMemory returns an empty database that is kept in memory alone, and lost when it is closed. Its name is that of a file that
// cannot be used.
func OpenMemory(ctx context.Context, path string, o DBOptions) (*DB, error) {
	return open(ctx, path, o, inMemory)
}

// InMemory tells that the database came from OpenMemory.
func (db *DB) InMemory() bool { return db.access == inMemory }

// URI is the name by which ATTACH and VACUUM INTO of another database in this program find this one, to write to it.
func (db *DB) URI() string {
	system := "unix"
	if db.access == inMemory {
		system = "memdb"
	}
	return "file:" + (&url.URL{Path: db.access.name(db.place)}).EscapedPath() + "?vfs=" + system
}

// Unwritable tells why nothing can be stored in the file; nil when it can, and for a database in memory.
func (db *DB) Unwritable() error { return db.unwritable }

// Unwritable tells that a file or its folder may only be read, or not even that, because of the disk or for lack of permission.
func Unwritable(err error) bool {
	if IsReadOnly(err) || errors.Is(err, fs.ErrPermission) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.SystemErrno == syscall.EROFS || errors.Is(e.SystemErrno, fs.ErrPermission))
}

// ofTheFolder adds to the error that a folder is missing why it cannot be made.
func ofTheFolder(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	folder := filepath.Dir(path)
	for up := filepath.Dir(folder); up != folder; folder, up = up, filepath.Dir(up) {
		if _, missing := os.Stat(folder); !errors.Is(missing, fs.ErrNotExist) {
			break
		}
	}
	const writing = 2
	if syscall.Access(folder, writing) == syscall.EROFS {
		return errors.Join(err, syscall.EROFS)
	}
	return err
}
