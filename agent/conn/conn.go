// Package conn holds the connections that are kept open: to the SQLite database and, over
// HTTP, to the servers of the feeds.
package conn

import (
	"context"
	"database/sql"
	"net/http"
	"time"
)

// DB is one SQLite file with several readers and one writer (WAL, foreign keys,
// busy timeout, synchronous NORMAL).
type DB struct {
	read, write *sql.DB
}

// DBOptions bound the database connections.
type DBOptions struct {
	Readers     int           // 1-10; default 3
	BusyTimeout time.Duration // default 5s
}

// OpenDB opens or creates the file at path.
func OpenDB(ctx context.Context, path string, o DBOptions) (*DB, error) { panic("conn: OpenDB") }

// Read is for queries. Write is for everything that changes the file: one connection, so one
// transaction at a time.
func (db *DB) Read() *sql.DB  { return db.read }
func (db *DB) Write() *sql.DB { return db.write }

// Close checkpoints the log and closes the file.
func (db *DB) Close() error { panic("conn: DB.Close") }

// IsCorrupt, IsFull and IsBusy tell what an error of the database is about.
func IsCorrupt(err error) bool { panic("conn") }
func IsFull(err error) bool    { panic("conn") }
func IsBusy(err error) bool    { panic("conn") }

// HTTP is the client that feeds are fetched with.
type HTTP struct {
	// to be completed by the owner of this file
}

// HTTPOptions bound the client. Zero values are the defaults.
type HTTPOptions struct {
	Now       func() time.Time // the clock certificates are checked against; default time.Now
	MaxConns  int              // all hosts; default 8, ceiling 100
	PerHost   int              // default 2, ceiling 30
	Connect   time.Duration    // default 10s
	Header    time.Duration    // until the answer's header; default 15s
	Idle      time.Duration    // default 90s
	UserAgent string
}

// NewHTTP returns a client. Nothing is dialled.
func NewHTTP(o HTTPOptions) *HTTP { panic("conn: NewHTTP") }

// Do sends the request and follows up to 5 redirects. Credentials go only to the host they
// were given for. Unless lan is true, private, loopback, link-local, multicast, unspecified, carrier-grade NAT and metadata
// addresses are refused in the dialer, after DNS, at every hop: the error is then an *AddressError.
// The body is not decompressed and not bounded: that is the caller's part.
func (h *HTTP) Do(req *http.Request, lan bool) (*http.Response, error) { panic("conn: HTTP.Do") }

// AddressError is a refused address.
type AddressError struct {
	Host    string
	Address string
}

// Error says which address was refused and why.
func (e *AddressError) Error() string { panic("conn") }

// CloseIdle closes the connections that nobody uses.
func (h *HTTP) CloseIdle() { panic("conn") }
