package conn

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"

	"calendarbot/agent/config"
)

// resident is the memory of this process that is in RAM, in bytes, with as little garbage as can be.
func resident(t testing.TB) int {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("it cannot be measured here: %v", err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// TestMemoryOfReaders measures what a reader costs: one that has just been opened, and one that has read more than its cache holds.
func TestMemoryOfReaders(t *testing.T) {
	const n = 20
	db := openDB(t, filepath.Join(t.TempDir(), "a.db"), DBOptions{})
	mustExec(t, db.Write(), "CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)")
	mustExec(t, db.Write(), "WITH RECURSIVE s(v) AS (VALUES (1) UNION ALL SELECT v+1 FROM s WHERE v < 10000) INSERT INTO t SELECT v, randomblob(400) FROM s")
	var all []*sqlite3.SQLiteConn // closed at the end, so that none takes the memory of one before
	cost := func(n int, query string) int {
		before := resident(t)
		for range n {
			c, err := db.readers.open()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
			if _, err := c.Exec(query, nil); err != nil {
				t.Error(err)
			}
		}
		return (resident(t) - before) / n
	}
	cost(1, "SELECT sum(length(b)) FROM t") // what the first one costs once
	fresh := cost(n, "SELECT count(*) FROM sqlite_schema")
	full := cost(n, "SELECT sum(length(b)) FROM t")
	for _, c := range all {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("a reader takes %d KiB when opened, %d KiB with a full cache; %d of them %d KiB", fresh>>10, full>>10, maxReaders, maxReaders*full>>10)
	if full > 2<<20 {
		t.Errorf("a reader takes %d bytes", full)
	}
}

const memoryServer = "CALENDARBOT_TEST_MEMORY_SERVER"

// TestMemoryOfIdleConnections measures what an idle connection to a server costs, which is in a process of its own.
func TestMemoryOfIdleConnections(t *testing.T) {
	const n = 30
	if kind := os.Getenv(memoryServer); kind != "" {
		serveTogether(t, kind, n)
		return
	}
	roots := x509.NewCertPool()
	known := httptest.NewTLSServer(nil) // all of its kind have the same certificate
	roots.AddCert(known.Certificate())
	known.Close()
	for _, kind := range []string{"http", "https"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryOfIdleConnections$")
		cmd.Env = append(os.Environ(), memoryServer+"="+kind)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		url, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		h := newClient(t, HTTPOptions{HTTP: config.HTTP{MaxConns: n, PerHost: n}, Roots: roots})
		together := func() {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					if err := fetch(t, h, strings.TrimSpace(url)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			await(t, "all rest", func() bool { return h.Stats().Idle == n })
		}
		together()
		h.CloseIdle()
		await(t, "all are closed", func() bool { return h.Stats().Idle == 0 })
		before := live()
		together()
		each := (live() - before) / n
		t.Logf("an idle connection over %s takes %d KiB", kind, each>>10)
		if each > 128<<10 {
			t.Errorf("an idle connection over %s takes %d bytes", kind, each)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// live is the memory of the heap and of stacks that is in use, in bytes.
func live() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// serveTogether answers when n requests are there, until the standard input ends.
func serveTogether(t *testing.T, kind string, n int) {
	var mu sync.Mutex
	waiting, gate := 0, make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		mine := gate
		if waiting++; waiting == n {
			waiting, gate = 0, make(chan struct{})
			close(mine)
		}
		mu.Unlock()
		<-mine
	}))
	if kind == "https" {
		s.StartTLS()
	} else {
		s.Start()
	}
	defer s.Close()
	fmt.Println(s.URL)
	if _, err := bufio.NewReader(os.Stdin).ReadByte(); err == nil {
		t.Error("nothing was expected")
	}
}

func BenchmarkRead(b *testing.B) {
	for _, kind := range []string{"pooled", "plain"} {
		b.Run(kind, func(b *testing.B) {
			db, err := OpenDB(b.Context(), filepath.Join(b.TempDir(), "a.db"), DBOptions{Gate: pooling(b)})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := db.Close(); err != nil {
					b.Error(err)
				}
			})
			if kind == "plain" {
				off(db.readers.pool.gate)
			}
			b.ReportAllocs()
			for b.Loop() {
				var n int
				if err := db.Read().QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
