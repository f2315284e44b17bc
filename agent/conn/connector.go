package conn

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	// rested is how long a connection has to have been idle to be checked before it is used again.
	rested = 30 * time.Second
	// readerIdle is how long readers are kept that nobody uses, all but one.
	readerIdle = 2 * time.Minute
)

var errBroken = errors.New("a connection was found broken after idling")

// connector is where database/sql gets its connections from, and brings them back to: it keeps none
// itself. To it, each use is a new connection; whether that is one which has been used before is decided here.
type connector struct {
	dsn  string
	pool *pool

	mu     sync.Mutex
	idle   []spare // the one that was used last is the last
	closed bool
}

// spare is an open connection that nobody uses.
type spare struct {
	*sqlite3.SQLiteConn
	since time.Time
}

// lease is a connection while it is used.
type lease struct {
	*sqlite3.SQLiteConn
	from    *connector
	use     use
	failure error // of the pool, in this use
}

// Driver is asked for by database/sql; the connections don't need it to be registered.
func (c *connector) Driver() driver.Driver {
	return &sqlite3.SQLiteDriver{ConnectHook: tune}
}

// Connect takes a connection, an idle one or a new one.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	l := &lease{from: c}
	if err := c.pool.take(ctx, &l.use); err != nil {
		return nil, err
	}
	l.SQLiteConn = l.reuse()
	if l.SQLiteConn != nil {
		c.pool.count(func(s *Stats) { s.Takes++; s.Reused++ })
		return l, nil
	}
	conn, err := c.open()
	if err != nil {
		c.pool.count(func(s *Stats) { s.Takes++; s.Failed++ })
		if !ofTheFile(err) {
			l.failure = err
		}
		l.use.end(l.failure)
		return nil, err
	}
	c.pool.count(func(s *Stats) { s.Takes++; s.Opened++ })
	l.SQLiteConn = conn
	return l, nil
}

func (c *connector) open() (*sqlite3.SQLiteConn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return conn.(*sqlite3.SQLiteConn), nil // the driver has no other
}

// ofTheFile tells whether opening fails because of the file or its disk: that would be so without a pool too.
func ofTheFile(err error) bool {
	return IsCorrupt(err) || IsFull(err) || IsBusy(err) || IsReadOnly(err)
}

// reuse returns an idle connection that works; nil when there is none.
func (l *lease) reuse() *sqlite3.SQLiteConn {
	if l.use.plain {
		return nil
	}
	for {
		s, ok := l.from.pop()
		if !ok {
			return nil
		}
		if time.Since(s.since) < rested || works(s.SQLiteConn) {
			return s.SQLiteConn
		}
		l.failure = errBroken
		l.from.pool.count(func(s *Stats) { s.Broken++ })
		if err := l.from.discard(s.SQLiteConn); err != nil {
			l.failure = errors.Join(errBroken, err)
		}
	}
}

func (c *connector) pop() (spare, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		return spare{}, false
	}
	s := c.idle[last]
	c.idle[last] = spare{}
	c.idle = c.idle[:last]
	return s, true
}

// works reads the first page of the file through the connection, or asks whether it is still the same.
func works(c *sqlite3.SQLiteConn) bool {
	rows, err := c.Query("PRAGMA schema_version", nil)
	if err != nil {
		return false
	}
	err = rows.Next(make([]driver.Value, 1))
	return errors.Join(err, rows.Close()) == nil
}

// Close brings the connection back. It is kept unless it is a plain one, a transaction was left
// open in it, or there are enough.
func (l *lease) Close() error {
	var err error
	if l.use.plain || !l.AutoCommit() || !l.from.push(l.SQLiteConn) {
		err = l.from.discard(l.SQLiteConn)
	}
	l.use.end(l.failure)
	return err
}

// push keeps a connection for later; false when it is not wanted.
func (c *connector) push(conn *sqlite3.SQLiteConn) bool {
	room := c.pool.kept()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.idle) >= room {
		return false
	}
	c.idle = append(c.idle, spare{conn, time.Now()})
	return true
}

func (c *connector) discard(conn *sqlite3.SQLiteConn) error {
	c.pool.count(func(s *Stats) { s.Closed++ })
	return conn.Close()
}

// trim closes idle connections: those beyond room, and those older than age but for keep of them. The oldest go first.
func (c *connector) trim(room, keep int, age time.Duration) error {
	c.mu.Lock()
	n := max(0, len(c.idle)-room)
	for n < len(c.idle)-keep && time.Since(c.idle[n].since) >= age {
		n++
	}
	old := append([]spare(nil), c.idle[:n]...)
	rest := copy(c.idle, c.idle[n:])
	clear(c.idle[rest:])
	c.idle = c.idle[:rest]
	c.mu.Unlock()

	var errs []error
	for _, s := range old {
		errs = append(errs, c.discard(s.SQLiteConn))
	}
	return errors.Join(errs...)
}

func (c *connector) stats() Stats {
	c.mu.Lock()
	idle := len(c.idle)
	c.mu.Unlock()
	return c.pool.stats(idle)
}

// Close closes the connections that nobody uses; the others follow as they are brought back. database/sql calls it.
func (c *connector) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.pool.close()
	return c.trim(0, 0, 0)
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
