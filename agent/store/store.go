// Package store keeps in SQLite what must outlive a restart: the last good events of every
// source, how each source fares, sources added by a person, hidden and skipped events, settings that
// were changed while the program ran and who changed them, and how the device fared and what it did by itself.
//
// All but the events is also held in memory, in a picture that is replaced whole with each
// change. A read takes the events from one transaction and the rest from the picture that belongs to it.
//
// Nothing is written while nothing changes: that a source is still well is kept in memory, and
// saved with the next change, after a quarter of an hour, and on Close.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/conn"
	"calendarbot/agent/pressure"
)

// Store is the open database. Its methods may be called from any goroutine.
type Store struct {
	o          Options
	migrations fs.FS

	picture   atomic.Pointer[picture]
	recovered atomic.Pointer[string]
	begun     atomic.Pointer[map[pressure.Sign]uint64]

	// mu is held by whoever changes the picture; it is taken before files.
	mu       sync.Mutex
	renewals []time.Time // of the last hour
	notes    []time.Time // of the last hour: writes for the ledger alone
	cramped  bool        // the disk was full at the start, and nothing could be written since
	sealed   error       // why the file could not be written at the start; it is left alone until the next one

	// files is held for reading while the database is used, and for writing to replace it.
	files  sync.RWMutex
	db     *conn.DB // nil after Close, and when a new file could not be started
	closed bool
	past   conn.Stats // of databases that were replaced

	readers, most atomic.Int64 // as configured, and as others allow

	interpreters interpreters
}

// Options of Open.
type Options struct {
	Path string
	Zone *time.Location   // the device's zone, for floating times
	Now  func() time.Time // the program's clock
	DB   conn.DBOptions   // also the gate and the sizing of its pool
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the database is closed")

// errGone says that the last attempt to start a new file did not succeed.
var errGone = errors.New("there is no database")

// generationGap is added to the generation at each start. Changes of how a source fares may be shown
// before they are saved; after a power cut their generations must not be given out again.
const generationGap = 1024

// Open opens the file at o.Path, migrates it (after copying it to PATH.schema-N, N being the schema that it had) and reads
// the picture. A corrupt file is set aside as PATH.corrupt-TIME and a new one started; Recovered says so.
//
// A file that a later version of the program has migrated is kept as PATH.schema-N too. The store goes on with what this version
// understands of it, and for the rest with the newest copy of before; Recovered says so. A later version that runs again then goes
// on with what this one leaves, not with what was kept.
//
// A file that cannot be written, on a disk that became read-only above all, is read, and every change is
// refused. When it cannot be used so, because it is missing or damaged, or because it is of another schema and there is no room for
// another file, the store is kept in memory until Close, with what could be read of the file. Recovered says so.
func Open(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, schema())
}

func open(ctx context.Context, o Options, migrations fs.FS) (*Store, error) {
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{o: o, migrations: migrations}
	s.readers.Store(int64(o.DB.DB.Readers))
	db, p, err := s.start(ctx)
	switch {
	case db != nil && db.Unwritable() != nil:
		s.sealed = db.Unwritable()
	case conn.Unwritable(err):
		s.sealed = err
	}
	if err != nil && (conn.IsCorrupt(err) || s.sealed != nil) {
		s.db = db
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.renew(ctx, p); err != nil {
			return nil, err
		}
		return s, nil
	}
	if err != nil {
		return nil, inWords("open the database", err)
	}
	s.db = db
	if s.sealed != nil { // the file does not know the generations that were given out since it was sealed
		p.generation = max(p.generation, since(s.o.Now()))
		s.tell(told(s.sealed) + ": nothing new can be stored, and calendars are shown as they were stored last. " + advice(s.sealed))
	}
	if db.InMemory() {
		s.tell(told(s.sealed) + ": what is fetched and changes are lost when the program ends. " + advice(s.sealed))
	}
	p.generation += generationGap
	s.picture.Store(p)
	if s.cramped = db.Exclusive(); s.cramped {
		s.tell("The disk is full. Calendars are shown as they were stored last; nothing new can be stored.")
	}
	return s, nil
}

// SetZone changes the zone of floating times. It is to be called before events are read.
func (s *Store) SetZone(zone *time.Location) { s.o.Zone = zone }

// start opens and migrates the file and reads the picture. When the file is corrupt or cannot be written the picture
// holds what could be read, and the database may be nil.
func (s *Store) start(ctx context.Context) (*conn.DB, *picture, error) {
	o := s.o.DB
	o.DB.Readers = int(s.readers.Load())
	db, err := conn.OpenDB(ctx, s.o.Path, o)
	if err != nil {
		return nil, newPicture(), err
	}
	db.SetMaximum(int(s.most.Load()))
	err = migrate(ctx, db, s.o.Path, s.migrations)
	later, isLater := errors.AsType[*laterError](err)
	if isLater && db.Unwritable() == nil {
		words, err := s.goBack(ctx, db, later)
		if err == nil {
			s.tell(words)
			return s.start(ctx)
		}
		if context.Cause(ctx) != nil {
			return nil, nil, err
		}
		return s.startInMemory(ctx, nil, err)
	}
	switch {
	case err == nil:
	case conn.IsCorrupt(err):
		return db, newPicture(), err
	case conn.Unwritable(err) || conn.IsFull(err) || isLater:
		return s.startInMemory(ctx, db, err)
	default:
		return nil, nil, errors.Join(err, db.Close())
	}
	p, err := load(ctx, db.Write())
	if err != nil && !conn.IsCorrupt(err) {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, p, err
}

// Close saves what is only in memory and closes the database.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed { // only changed with mu held
		return nil
	}
	var err error
	if s.sealed == nil { // else it cannot be saved, as people were told
		err = s.save(context.Background(), s.picture.Load().clone())
	}

	s.files.Lock()
	defer s.files.Unlock()
	s.closed = true
	err = errors.Join(err, s.retire())
	if err != nil {
		return inWords("close the database", err)
	}
	return nil
}

// Recovered is a sentence for a person when the database had to be started anew or cannot be
// used in full, else "".
func (s *Store) Recovered() string {
	if p := s.recovered.Load(); p != nil {
		return *p
	}
	return ""
}

func (s *Store) tell(sentence string) { s.recovered.Store(&sentence) }

// Generation grows by one with every change of what pages are made from: events, sources, hidden,
// skips, and whether and why a source fails. It jumps ahead at each start. That a source is still
// well does not count: pages that name the time of the last success must be told when it is too
// old by their own expiry, and read it anew then. It costs no query.
func (s *Store) Generation() uint64 { return s.picture.Load().generation }

// inWords adds to the error of a database what a person can do about it.
func inWords(doing string, err error) error {
	switch {
	case conn.IsFull(err):
		return fmt.Errorf("%s: the disk is full; what was stored before is kept: %w", doing, err)
	case conn.IsBusy(err):
		return fmt.Errorf("%s: another program holds the database: %w", doing, err)
	case conn.IsReadOnly(err):
		return fmt.Errorf("%s: the file or its disk is read-only: %w", doing, err)
	case conn.IsCorrupt(err):
		return fmt.Errorf("%s: the database is damaged: %w", doing, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: its folder does not exist; create it, or name another file as store.path: %w", doing, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: no permission; name a file as store.path that this user may write: %w", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
