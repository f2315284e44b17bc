// Package conn holds the connections that are kept open: to the SQLite database and, over
// HTTP, to the servers of the feeds.
package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// DB is one SQLite file with several readers and one writer (WAL, foreign keys, busy timeout,
// no memory mapping, small caches).
//
// The writer runs with synchronous FULL: NORMAL would keep the file consistent, but a power cut
// could take back transactions that a person was already told about. Writes are rare, so the
// one fsync that each of them costs is cheap.
type DB struct {
	read, write *sql.DB
	exclusive   bool
}

// DBOptions bound the database connections.
type DBOptions struct {
	Readers     int           // 1-10; default 3
	BusyTimeout time.Duration // how long to wait for another process that holds the lock; default 5s
}

const (
	writerCacheKiB = 1024
	readerCacheKiB = 512
	keptStatements = 32
	readerIdle     = 2 * time.Minute
	// logLimit is what the write-ahead log is cut back to after a large transaction, in bytes.
	logLimit = 1 << 20
)

// OpenDB opens or creates the file at path, for its owner alone (0600), in a directory that
// must be there.
//
// A full disk may leave no room for the file that readers and the writer share. The database is
// then opened over a single connection that needs none, so that what is stored can still be read.
func OpenDB(ctx context.Context, path string, o DBOptions) (*DB, error) {
	if o.Readers <= 0 {
		o.Readers = 3
	}
	o.Readers = min(o.Readers, 10)
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 5 * time.Second
	}
	// SQLite says only "unable to open"; the system says why. It also makes the file readable
	// for others, which its passwords should not be.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}

	db := newDB(path, o, false)
	err = db.probe(ctx)
	if IsFull(err) {
		if err := db.Close(); err != nil {
			return nil, fmt.Errorf("open database %s: %w", path, err)
		}
		db = newDB(path, o, true)
		err = db.probe(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, errors.Join(err, db.Close()))
	}
	return db, nil
}

// newDB prepares the pools; nothing is opened yet.
func newDB(path string, o DBOptions, exclusive bool) *DB {
	common := url.Values{
		"_busy_timeout":    {strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10)},
		"_foreign_keys":    {"1"},
		"_stmt_cache_size": {strconv.Itoa(keptStatements)},
	}
	source := func(own url.Values) connector {
		for k, v := range common {
			own[k] = v
		}
		return connector{dsn: "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + own.Encode()}
	}
	w := url.Values{
		"_txlock":       {"immediate"},
		"_synchronous":  {"FULL"},
		"_journal_mode": {"WAL"},
		"_cache_size":   {strconv.Itoa(-writerCacheKiB)},
	}
	if exclusive {
		w.Set("_locking_mode", "EXCLUSIVE")
		// The driver would set the journal before the locking. The file remembers that it has a log.
		w.Del("_journal_mode")
		// A reader's transaction must not need to write.
		w.Del("_txlock")
	}
	db := &DB{write: sql.OpenDB(source(w)), exclusive: exclusive}
	db.write.SetMaxOpenConns(1)
	db.write.SetMaxIdleConns(1)
	if exclusive {
		db.read = db.write
		return db
	}
	db.read = sql.OpenDB(source(url.Values{
		"_query_only": {"1"},
		"_cache_size": {strconv.Itoa(-readerCacheKiB)},
	}))
	db.read.SetMaxOpenConns(o.Readers)
	db.read.SetMaxIdleConns(o.Readers)
	db.read.SetConnMaxIdleTime(readerIdle)
	return db
}

// probe opens the writer and reads the first page through it.
func (db *DB) probe(ctx context.Context) error {
	var version int
	return db.write.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version)
}

// Read is for queries. Write is for everything that changes the file: one connection, so one
// transaction at a time.
func (db *DB) Read() *sql.DB  { return db.read }
func (db *DB) Write() *sql.DB { return db.write }

// Exclusive tells that the disk was full when the database was opened: see OpenDB.
func (db *DB) Exclusive() bool { return db.exclusive }

// Close writes the log back into the file and closes it. It waits for queries that are under way.
func (db *DB) Close() error {
	if db.exclusive {
		return db.write.Close()
	}
	// The writer goes last: SQLite writes the log back when the last connection closes.
	return errors.Join(db.read.Close(), db.write.Close())
}

// IsCorrupt tells that the file is damaged or not a database.
func IsCorrupt(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB)
}

// IsFull tells that there is no room left on the disk, or for this user on it, or that the file
// may not grow any further (a limit of the process, or of the file system).
func IsFull(err error) bool {
	full := []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	for _, errno := range full {
		if errors.Is(err, errno) {
			return true
		}
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrFull || slices.Contains(full, e.SystemErrno))
}

// IsBusy tells that somebody else held the database for longer than the busy timeout.
func IsBusy(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// IsReadOnly tells that the file or its disk does not allow writing.
func IsReadOnly(err error) bool {
	if errors.Is(err, syscall.EROFS) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrReadonly
}

// connector opens connections without a driver registered by name.
type connector struct{ dsn string }

func (c connector) Driver() driver.Driver {
	return &sqlite3.SQLiteDriver{ConnectHook: tune}
}

func (c connector) Connect(context.Context) (driver.Conn, error) {
	return c.Driver().Open(c.dsn)
}

// tune sets what the address of a database cannot say. Temporary tables and statement journals
// stay in memory, which spares the SD card.
func tune(c *sqlite3.SQLiteConn) error {
	for _, pragma := range []string{
		"PRAGMA temp_store = MEMORY",
		"PRAGMA mmap_size = 0",
		"PRAGMA journal_size_limit = " + strconv.Itoa(logLimit),
	} {
		if _, err := c.Exec(pragma, nil); err != nil {
			return err
		}
	}
	return nil
}
