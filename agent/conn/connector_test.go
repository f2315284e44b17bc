package conn

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
)

// filled is a database with a table t of 100 rows.
func filled(t *testing.T, o DBOptions) *DB {
	t.Helper()
	db := openDB(t, filepath.Join(t.TempDir(), "a.db"), o)
	mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER)")
	mustExec(t, db.Write(), "INSERT INTO t WITH RECURSIVE s(v) AS (VALUES (1) UNION ALL SELECT v+1 FROM s WHERE v < 100) SELECT v FROM s")
	return db
}

// read queries once.
func read(t *testing.T, db *DB) {
	t.Helper()
	var n int
	if err := db.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 100 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// hold takes so many readers at once.
func hold(t *testing.T, db *DB, n int) (release func()) {
	t.Helper()
	var conns []*sql.Conn
	for range n {
		c, err := db.Read().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	return func() {
		for _, c := range conns {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func tend(t *testing.T, pool Tended) []Leak {
	t.Helper()
	leaks, err := pool.Tend()
	if err != nil {
		t.Error(err)
	}
	return leaks
}

func TestReadersAreUsedAgainInNormalWork(t *testing.T) {
	db := filled(t, DBOptions{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range 50 {
				if i%10 == 0 {
					mustExec(t, db.Write(), "UPDATE t SET n = n + 1")
				}
				read(t, db)
			}
		})
	}
	readers.Wait()
	s := db.Stats()
	if s.Takes != 200 || s.Reuse() < 0.8 || s.Opened > 4 {
		t.Errorf("reuse of %.0f %%: %+v", 100*s.Reuse(), s)
	}
	t.Logf("reuse %.1f %%, %d opened", 100*s.Reuse(), s.Opened)
}

func TestReadersGrowWithWaitersAndShrink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := filled(t, DBOptions{})
		release := hold(t, db, 10)
		if s := db.Stats(); s.Size != 10 || s.InUse != 10 || s.Opened != 10 || s.Waits != 7 {
			t.Errorf("under load: %+v", s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := db.Read().Conn(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an 11th reader: %v", err)
		}
		release()
		if s := db.Stats(); s.Idle != 10 || s.InUse != 0 {
			t.Errorf("after the load: %+v", s)
		}
		for range 9 {
			tend(t, db)
		}
		if s := db.Stats(); s.Size != 3 || s.Idle != 3 || s.Closed != 7 || s.Why != "at rest" {
			t.Errorf("after nine looks: %+v", s)
		}
		<-time.After(readerIdle)
		tend(t, db)
		if s := db.Stats(); s.Idle != 1 {
			t.Errorf("after 2 minutes without use: %+v", s)
		}
		read(t, db)
		if s := db.Stats(); s.Reused != 1 || s.Broken != 0 {
			t.Errorf("the one that was kept is not used: %+v", s)
		}
	})
}

func TestSizeIsFixedWithoutSizingByLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := filled(t, DBOptions{DB: config.DB{Readers: 1}, Adaptive: func() bool { return false }})
		release := hold(t, db, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := db.Read().Conn(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second reader: %v", err)
		}
		release()
		if s := db.Stats(); s.Size != 1 || !strings.HasPrefix(s.Why, "fixed") {
			t.Errorf("%+v", s)
		}
	})
}

func TestReadersAreSetWhileRunning(t *testing.T) {
	db := filled(t, DBOptions{})
	sizes := func(size, ceiling int) {
		t.Helper()
		if s := db.Stats(); s.Size != size || s.Ceiling != ceiling {
			t.Errorf("%+v, want size %d and ceiling %d", s, size, ceiling)
		}
	}
	sizes(3, 10)
	db.Configure(config.DB{Readers: 5})
	sizes(5, 10)
	hold(t, db, 5)()
	synctest.Test(t, func(t *testing.T) {
		db := filled(t, DBOptions{})
		hold(t, db, 6)()
		db.Configure(config.DB{})
		if s := db.Stats(); s.Size != 6 {
			t.Errorf("settings that say the same undo what the load did: %+v", s)
		}
	})
	db.SetMaximum(2)
	sizes(2, 2)
	tend(t, db)
	if s := db.Stats(); s.Idle != 2 {
		t.Errorf("%d idle readers beyond the maximum", s.Idle)
	}
	db.Configure(config.DB{})
	sizes(2, 2)
	db.SetMaximum(0)
	sizes(3, 10)
}

// breakIdle breaks the reader that was used last.
func breakIdle(t *testing.T, db *DB) {
	t.Helper()
	c := db.readers
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.idle[len(c.idle)-1].SQLiteConn.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenReaderIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := pooling(t)
		db := filled(t, DBOptions{Gate: g})
		for i := range uint64(4) {
			read(t, db)
			breakIdle(t, db)
			<-time.After(rested)
			read(t, db)
			if s := db.Stats(); s.Broken != i+1 || s.Opened != i+2 || s.Closed != i+1 || s.Idle != 1 {
				t.Errorf("%+v", s)
			}
		}
		if !g.On() {
			t.Error("failures that are not in a row open the breaker")
		}
		read(t, db)
		for range 5 {
			breakIdle(t, db)
			<-time.After(rested)
			read(t, db)
		}
		if g.On() || db.Stats().Pooled {
			t.Error("5 broken connections in a row don't open the breaker")
		}
		before := db.Stats().Opened
		read(t, db)
		read(t, db)
		if s := db.Stats(); s.Opened != before+2 {
			t.Errorf("with the breaker open: %+v", s)
		}
		<-time.After(31 * time.Second)
		read(t, db)
		if !g.On() || !db.Stats().Pooled {
			t.Errorf("it did not recover: %+v", g.Stats())
		}
	})
}

func TestEachUseOpensItsOwnWithoutPooling(t *testing.T) {
	g := pooling(t)
	db := filled(t, DBOptions{Gate: g})
	read(t, db)
	off(g)
	for range 5 {
		read(t, db)
	}
	if s := db.Stats(); s.Pooled || s.Opened != 6 || s.Closed != 5 || s.Idle != 1 || s.Reused != 0 {
		t.Errorf("%+v", s)
	}
	tend(t, db)
	if s := db.Stats(); s.Idle != 0 || s.Opened != s.Closed {
		t.Errorf("what rested before is kept: %+v", s)
	}
	// The one that writes stays.
	mustExec(t, db.Write(), "UPDATE t SET n = 1")
	if s := db.writer.stats(); s.Opened != 1 || !s.Pooled {
		t.Errorf("the writer: %+v", s)
	}
	on(g)
	read(t, db)
	read(t, db)
	if s := db.Stats(); !s.Pooled || s.Reused != 1 || s.Idle != 1 {
		t.Errorf("pooled again: %+v", s)
	}
}

func TestOpeningThatFailsOpensTheBreaker(t *testing.T) {
	g := pooling(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "here"), 0o700); err != nil {
		t.Fatal(err)
	}
	db := openDB(t, filepath.Join(dir, "here", "a.db"), DBOptions{Gate: g})
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	move("here", "away")
	for i := range 6 {
		if g.On() != (i < 5) {
			t.Errorf("after %d failures the gate is open: %v", i, g.On())
		}
		if err := db.Read().PingContext(t.Context()); err == nil {
			t.Fatal("a file that is not there was opened")
		}
	}
	if s := db.Stats(); s.Failed != 6 || s.Takes != 6 {
		t.Errorf("%+v", s)
	}
	move("away", "here")
	if err := db.Read().PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDamagedFileIsNoFailureOfThePool(t *testing.T) {
	g := pooling(t)
	db := filled(t, DBOptions{Gate: g})
	if err := errors.Join(db.CloseIdle(), os.WriteFile(db.path(t), []byte(strings.Repeat("no database ", 1000)), 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		var n int
		if err := db.Read().QueryRow("SELECT count(*) FROM t").Scan(&n); !IsCorrupt(err) {
			t.Fatal(err)
		}
	}
	if !g.On() {
		t.Error("the breaker opened")
	}
}

// path asks the database for its file.
func (db *DB) path(t *testing.T) string {
	t.Helper()
	var n, name, file string
	if err := db.Write().QueryRow("PRAGMA database_list").Scan(&n, &name, &file); err != nil {
		t.Fatal(err)
	}
	if err := db.CloseIdle(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLeakOfADatabaseConnectionIsToldWithItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := filled(t, DBOptions{})
		tx, err := db.Read().BeginTx(t.Context(), nil) // the line that is told
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.Write().QueryContext(t.Context(), "SELECT n FROM t")
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(dbBound + time.Second)
		leaks := tend(t, db)
		if len(leaks) != 2 {
			t.Fatalf("%+v", leaks)
		}
		for _, l := range leaks {
			if !strings.HasPrefix(l.Place, "conn/connector_test.go:") {
				t.Errorf("taken at %s", l.Place)
			}
		}
		if again := tend(t, db); len(again) != 0 {
			t.Errorf("told again: %+v", again)
		}
		if s := db.Stats(); s.Leaks != 2 || len(s.Suspects) != 2 || s.Longest != dbBound+time.Second {
			t.Errorf("%+v", s)
		}
		if err := errors.Join(rows.Close(), tx.Rollback()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTransactionThatWasLeftOpenIsNotHandedOn(t *testing.T) {
	db := filled(t, DBOptions{})
	c, err := db.Read().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if s := db.Stats(); s.Idle != 0 || s.Closed != 1 {
		t.Errorf("%+v", s)
	}
	read(t, db)
}

func TestConnectionThatIsUsedWhileItsPoolIsClosed(t *testing.T) {
	db, err := OpenDB(t.Context(), filepath.Join(t.TempDir(), "a.db"), DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	release := hold(t, db, 1)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Read().Ping(); err == nil {
		t.Error("a connection of a closed database")
	}
	if s := db.Stats(); s.Opened != 1 || s.Closed != 0 {
		t.Errorf("closed while it is used: %+v", s)
	}
	release()
	if s := db.Stats(); s.Closed != 1 || s.Idle != 0 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestSingleConnectionIsAPoolToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first, err := OpenDB(t.Context(), path, DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	db := newDB(path, DBOptions{BusyTimeout: time.Second}, exclusive)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.Configure(config.DB{Readers: 5})
	db.SetMaximum(7)
	if err := db.Read().Ping(); err != nil {
		t.Fatal(err)
	}
	tend(t, db)
	if s := db.Stats(); s.Size != 1 || s.Ceiling != 1 || s.Opened != 1 || s.Idle != 1 || fmt.Sprint(s.Suspects) != "[]" {
		t.Errorf("%+v", s)
	}
}
