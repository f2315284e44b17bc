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
	"strconv"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/guard"
)

// DB is one SQLite file with several readers and one writer (WAL, foreign keys, busy timeout,
// no memory mapping, small caches).
//
// The writer runs with synchronous FULL: NORMAL would keep the file consistent, but a power cut
// could take back transactions that a person was already told about. Writes are rare, so the
// one fsync that each of them costs is cheap.
//
// The readers are a pool. Its size is Readers at rest; it grows when uses wait for more than 50 ms, up
// to 10, and shrinks by one every 5 s in which not all were needed (Tender). One idle reader is kept, the
// others are closed after 2 minutes, and one that was idle for 30 s is checked before it is used again.
// The writer is always kept: closing the last connection writes the log back.
//
// The gate decides at each use whether it may be pooled; otherwise it opens its own connection and closes
// it afterwards, at most 10 at once besides the pooled ones. Failures of the pool, as the gate's breaker
// counts them: a connection that cannot be opened, unless the file or its disk is the reason; one that was
// found broken, though it is replaced; a use that waits for a connection until its context's deadline, or
// for 2 s, after which it opens its own.
type DB struct {
	read, write     *sql.DB
	readers, writer *connector
	access          access
	place           string      // the path it was opened with
	unwritable      error       // why nothing can be stored; nil when it can
	anchor          driver.Conn // keeps a database in memory while its only other connection is closed
}

// DBOptions bound the database connections. Zero values are the defaults.
type DBOptions struct {
	DB          config.DB     // Readers at rest: 1-10, more are taken for 10; default 3
	BusyTimeout time.Duration // how long to wait for another process that holds the lock; default 5s
	Gate        *guard.Gate   // of the feature connection_pooling; nil: always pooled
	Adaptive    func() bool   // whether the load sizes the pool; nil: it does
}

const (
	writerCacheKiB = 1024
	readerCacheKiB = 512
	keptStatements = 32
	defaultReaders = 3
	maxReaders     = 10
	// dbPatience is how long a use waits for a reader before it opens its own connection.
	dbPatience = 2 * time.Second
	// dbBound is how long a connection may be held; the longest use is the storing of a large feed.
	dbBound = 2 * time.Minute
	// logLimit is what the write-ahead log is cut back to after a large transaction, in bytes.
	logLimit = 1 << 20
)

// OpenDB opens or creates the file at path, for its owner alone (0600), in a directory that
// must be there.
//
// A full disk may leave no room for the file that readers and the writer share. The database is
// then opened over a single connection that needs none, so that what is stored can still be read.
// A file that must not be written, as all are once the system has made a failing SD card
// read-only, is opened for reading alone: see DB.Unwritable. When even that is not possible the error
// tells so too: see Unwritable.
func OpenDB(ctx context.Context, path string, o DBOptions) (*DB, error) {
	// SQLite says only "unable to open"; the system says why. It also makes the file readable
	// for others, which its passwords should not be.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err = ofTheFolder(path, err); Unwritable(err) {
		return openReadOnly(ctx, path, o, fmt.Errorf("open database: %w", err))
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db, err := open(ctx, path, o, shared)
	if IsFull(err) {
		db, err = open(ctx, path, o, exclusive)
	}
	if Unwritable(err) {
		return openReadOnly(ctx, path, o, err)
	}
	return db, err
}

// open opens the database in one way and reads its first page.
func open(ctx context.Context, path string, o DBOptions, how access) (*DB, error) {
	db := newDB(path, o, how)
	err := error(nil)
	if how == inMemory {
		db.anchor, err = db.writer.open()
	}
	if err == nil {
		err = db.probe(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, errors.Join(err, db.Close()))
	}
	return db, nil
}

// newDB prepares the pools; nothing is opened yet.
func newDB(path string, o DBOptions, how access) *DB {
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 5 * time.Second
	}
	common := url.Values{
		"_busy_timeout":    {strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10)},
		"_foreign_keys":    {"1"},
		"_stmt_cache_size": {strconv.Itoa(keptStatements)},
	}
	source := func(own url.Values) string {
		for k, v := range common {
			own[k] = v
		}
		return "file:" + (&url.URL{Path: how.name(path)}).EscapedPath() + "?" + own.Encode()
	}
	w := url.Values{
		"_txlock":       {"immediate"},
		"_synchronous":  {"FULL"},
		"_journal_mode": {"WAL"},
		"_cache_size":   {strconv.Itoa(-writerCacheKiB)},
	}
	how.adjust(w)
	db := &DB{access: how, place: path}
	db.writer = &connector{dsn: source(w), pool: newPool("database", limits{rest: 1, fixed: 1, most: 1}, nil)}
	db.writer.pool.bound = dbBound
	db.write = unpooled(db.writer)
	if how != shared {
		db.read, db.readers = db.write, db.writer
		return db
	}
	pool := newPool("database", readerLimits(o.DB), o.Adaptive)
	pool.gate = o.Gate
	pool.patience, pool.bound = dbPatience, dbBound
	db.readers = &connector{pool: pool, dsn: source(url.Values{
		"_query_only": {"1"},
		"_cache_size": {strconv.Itoa(-readerCacheKiB)},
	})}
	db.read = unpooled(db.readers)
	return db
}

// unpooled is a database/sql that leaves the keeping of connections to their connector.
func unpooled(c *connector) *sql.DB {
	db := sql.OpenDB(c)
	db.SetMaxIdleConns(-1)
	return db
}

func readerLimits(c config.DB) limits {
	n := bounded(c.Readers, defaultReaders, maxReaders)
	return limits{rest: n, fixed: n, most: maxReaders}
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
func (db *DB) Exclusive() bool { return db.access == exclusive }

// Configure changes how many readers there are at rest.
func (db *DB) Configure(c config.DB) {
	if db.access == shared {
		db.readers.pool.bind(readerLimits(c))
	}
}

// SetMaximum bounds the readers by n, at least 1, whatever configuration and load say; 0 takes the bound
// back. Those beyond it are closed as they become idle.
func (db *DB) SetMaximum(n int) {
	if db.access == shared {
		db.readers.pool.setMaximum(n)
	}
}

// Stats is about the readers; leaks and what is held longest are about the writer too.
func (db *DB) Stats() Stats {
	s := db.readers.stats()
	if db.access != shared {
		return s
	}
	w := db.writer.stats()
	s.Leaks += w.Leaks
	s.Longest = max(s.Longest, w.Longest)
	s.Suspects = append(s.Suspects, w.Suspects...)
	return s
}

// Tend sizes the pool by its load, closes readers that nobody needs, and returns the leaks that are new. See Tender.
func (db *DB) Tend() ([]Leak, error) {
	leaks := db.writer.pool.look()
	if db.access != shared {
		return leaks, nil
	}
	leaks = append(leaks, db.readers.pool.look()...)
	return leaks, db.readers.trim(db.readers.pool.spare(), 1, readerIdle)
}

// CloseIdle closes the connections that nobody uses, the writer's too.
func (db *DB) CloseIdle() error {
	return errors.Join(db.readers.trim(0, 0, 0), db.writer.trim(0, 0, 0))
}

// Close writes the log back into the file and closes it. A connection that is
// still used is closed when its use ends.
func (db *DB) Close() error {
	if db.access != shared {
		err := db.write.Close()
		if db.anchor != nil {
			err = errors.Join(err, db.anchor.Close())
		}
		return err
	}
	// The writer goes last: SQLite writes the log back when the last connection closes.
	return errors.Join(db.read.Close(), db.write.Close())
}
