package page

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// keptIn is a Memory with a folder, and how many bytes it wrote.
type keptIn struct {
	*Memory
	dir        string
	generation atomic.Uint64
	log        syncBuffer
	seen       map[string]os.FileInfo
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func openMemory(dir string) *keptIn {
	k := &keptIn{dir: dir, seen: map[string]os.FileInfo{}}
	k.Memory = NewMemory(MemoryOptions{Dir: dir, Generation: k.generation.Load, Log: slog.New(slog.NewTextHandler(&k.log, nil))})
	return k
}

// written counts the bytes of the files that were written since the last look.
func (k *keptIn) written(t *testing.T) (total int64) {
	t.Helper()
	entries, err := os.ReadDir(k.dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if old := k.seen[e.Name()]; old == nil || !os.SameFile(old, info) || !old.ModTime().Equal(info.ModTime()) {
			total += info.Size()
		}
		k.seen[e.Name()] = info
	}
	return total
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func page3(t *testing.T, n int) (Query, Page) {
	t.Helper()
	d := stage(t, scenes()[n%10])
	q := []Query{{Kind: Next}, {Kind: Agenda}, {Kind: WhatsNext}}[n%3]
	return q, drawAt(t, d, q, d.o.Now())
}

func TestMemoryOutlivesARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	k := openMemory(dir)
	want := map[Query]Page{}
	for n := range 3 {
		q, p := page3(t, n)
		remember(t, k.Memory, q, p)
		want[q] = p
	}
	live := want[Query{Kind: WhatsNext}]
	if len(live.Live) != 1 {
		t.Fatalf("nothing is live in %s", live.Body)
	}
	live.Live = append(live.Live, Live{At: live.Live[0].At, Layout: "15:04", Zone: berlin(t)}) // as other kinds have it
	remember(t, k.Memory, Query{Kind: WhatsNext}, live)
	want[Query{Kind: WhatsNext}] = live
	remember(t, k.Memory, Query{Kind: Agenda, From: 1e9}, want[Query{Kind: Agenda}])
	remember(t, k.Memory, Query{Kind: Next, Zone: "Asia/Tokyo"}, want[Query{Kind: Next}])
	remember(t, k.Memory, Query{Kind: Events, Search: "secret"}, want[Query{Kind: Next}])
	k.save()
	if got := names(t, dir); len(got) != 3 {
		t.Fatalf("files %v", got)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into the folder: %v, %v", info.Mode(), err)
	}

	again := openMemory(dir)
	for q, p := range want {
		got, ok := again.Last(q)
		now := p.Made.Add(time.Minute)
		a, b := Fill(got, now), Fill(p, now)
		if !ok || !bytes.Equal(a.Body, b.Body) || a.ETag != b.ETag || a.Mark != b.Mark || a.Type != b.Type || a.Status != b.Status || !a.Made.Equal(b.Made) || !a.Until.Equal(b.Until) {
			t.Errorf("%+v: %v\n%+v\n%+v", q, ok, a, b)
		}
	}
	if len(again.pages) != 3 || again.log.String() != "" {
		t.Errorf("%d pages; %s", len(again.pages), again.log.String())
	}
	again.written(t)
	again.save()
	if n := again.written(t); n != 0 {
		t.Errorf("%d bytes are written that were there", n)
	}
}

// A file that is torn, changed, of another program, or no file at all, is as if it was not there; the folder's own are cleared away.
func TestMemoryIgnoresWhatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	k := openMemory(dir)
	q, p := page3(t, 0)
	remember(t, k.Memory, q, p)
	k.save()
	name := names(t, dir)[0]
	good, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := decodePage(good); !ok {
		t.Fatal("what was written is not whole")
	}
	for n := range good {
		if _, ok := decodePage(good[:n]); ok {
			t.Fatalf("torn after %d bytes it counts as whole", n)
		}
		bad := bytes.Clone(good)
		bad[n] ^= 1
		if _, ok := decodePage(bad); ok {
			t.Fatalf("with byte %d changed it counts as whole", n)
		}
	}
	sealed := func(meta, body string) string {
		rest := meta + "\n" + body
		return fileHead + checksum([]byte(rest)) + "\n" + rest
	}
	own := `{"Files":"` + bodyFiles() + `"`
	for _, text := range []string{
		"", "\n", fileHead, sealed("", ""), sealed("{", ""), sealed("{}", ""), sealed(own+`,"Mark":-1}`, "x"), sealed(own+`,"Mark":2}`, "x"),
		sealed(own+`,"Live":[{"At":2}]}`, "x"), sealed(own+`,"Live":[{"At":1},{"At":0}]}`, "x"), sealed(own+`,"Live":[{"At":-1}]}`, "x"),
		sealed(own+`,"Live":[{"At":1,"Zone":"No/Where"}]}`, "x"), sealed(own+`,"Live":[{"At":1,"Zone":"../../etc"}]}`, "x"),
		sealed(`{"Files":"/assets/page.0.css /assets/page.0.js"}`, "x"),
	} {
		if _, ok := decodePage([]byte(text)); ok {
			t.Errorf("%q counts as whole", text)
		}
	}
	if _, ok := decodePage([]byte(sealed(own+"}", "x"))); !ok {
		t.Error("the others are refused for another reason")
	}

	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := lastPage{q, p}
	other.page.Body, other.page.Mark, other.page.Made = []byte("another"), 0, p.Made.Add(time.Hour)
	elsewhere, err := other.encode()
	if err != nil {
		t.Fatal(err)
	}
	write("0123456789abcdef.page", elsewhere) // whole, but of another page by its name
	write("1123456789abcdef.page", good[:len(good)/2])
	write("2123456789abcdef.page", bytes.Repeat([]byte("x"), 3*folderBytes))
	write(name+".new", good[:10])
	write("notes.txt", []byte("somebody's"))
	write("zz23456789abcdef.page", []byte("somebody's"))
	if err := syscall.Mkfifo(filepath.Join(dir, "3123456789abcdef.page"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "4123456789abcdef.page")); err != nil {
		t.Fatal(err)
	}
	again := openMemory(dir)
	if got, ok := again.Last(q); !ok || len(again.pages) != 1 || !bytes.Equal(got.Body, p.Body) {
		t.Errorf("%d pages, %s", len(again.pages), got.Body)
	}
	again.save()
	left := []string{"3123456789abcdef.page", "4123456789abcdef.page", name, "notes.txt", "zz23456789abcdef.page"}
	slices.Sort(left)
	if got := names(t, dir); !slices.Equal(got, left) {
		t.Errorf("files %v, want %v", got, left)
	}
}

func TestMemoryFolderIsBounded(t *testing.T) {
	dir := t.TempDir()
	k := openMemory(dir)
	for i := range 31 {
		remember(t, k.Memory, Query{Kind: Agenda, Days: i + 1}, body(40_000))
	}
	k.save()
	if n := k.written(t); n > folderBytes || len(k.seen) != 3 {
		t.Errorf("%d bytes in %d files", n, len(k.seen))
	}
	for i := range 31 {
		remember(t, k.Memory, Query{Kind: Agenda, Days: i + 1}, body(i))
	}
	k.save()
	if got := names(t, dir); len(got) != folderFiles {
		t.Errorf("%d files", len(got))
	}
	again := openMemory(dir)
	for i := range 31 {
		if _, ok := again.Last(Query{Kind: Agenda, Days: i + 1}); ok != (i >= 31-folderFiles) {
			t.Errorf("agenda of %d days: %v", i+1, ok)
		}
	}
}

// What a screen showed outlives a save by a memory that does not hold it any more, while there is room for it and it can be shown.
func TestMemorySavesWithoutLosingOthers(t *testing.T) {
	dir := t.TempDir()
	begin := time.Date(2026, 10, 22, 8, 0, 0, 0, time.UTC)
	wall := Query{Kind: Next}
	save := func(k *keptIn, hour int, size int, queries ...Query) {
		t.Helper()
		for _, q := range queries {
			p := body(size)
			p.Made = begin.Add(time.Duration(hour) * time.Hour)
			remember(t, k.Memory, q, p)
		}
		k.save()
		if n := len(names(t, dir)); n > folderFiles || k.log.String() != "" {
			t.Fatalf("%d files; %s", n, k.log.String())
		}
	}
	forget := func(k *keptIn, queries ...Query) {
		for _, q := range queries {
			k.drop(k.pages[q])
		}
	}
	holds := func(want ...Query) {
		t.Helper()
		again := openMemory(dir)
		for _, q := range want {
			if _, ok := again.Last(q); !ok {
				t.Errorf("%+v is lost", q)
			}
		}
		if len(again.pages) != len(want) {
			t.Errorf("%d pages, want %d", len(again.pages), len(want))
		}
	}
	days := func(n int) Query { return Query{Kind: Agenda, Days: n} }

	k := openMemory(dir)
	save(k, 0, 100, wall, days(1))
	forget(k, wall, days(1))
	save(k, 0, 0) // nothing at all
	holds(wall, days(1))
	k = openMemory(dir) // and over a restart
	forget(k, wall, days(1))
	save(k, 1, 100, days(2))
	holds(wall, days(1), days(2))

	save(k, 2, 30_000, days(2), days(3), days(4), days(5)) // hardly room for anything else
	holds(wall, days(1), days(2), days(3), days(4), days(5))
	save(k, 3, 42_500, days(2), days(3), days(4)) // none for the large one that was
	holds(wall, days(1), days(2), days(3), days(4))

	save(k, 25, 100, days(2), days(3), days(4)) // too old to be shown
	holds(days(2), days(3), days(4), days(5))

	newest := []Query{days(6), days(7), days(8), days(9), days(10), days(11), days(12), days(13)}
	save(k, 26, 100, newest...) // as many as there are to be
	holds(newest...)
}

func TestMemoryWithoutItsFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k := openMemory(file)
	q, p := page3(t, 0)
	remember(t, k.Memory, q, p)
	k.save()
	if _, ok := k.Last(q); !ok || strings.Count(k.log.String(), "last good pages") != 2 {
		t.Errorf("%v, log %q", ok, k.log.String())
	}
	dir := t.TempDir()
	k = openMemory(dir)
	remember(t, k.Memory, q, p)
	if err := os.Mkdir(filepath.Join(dir, (&lastPage{query: q}).fileName()), 0o700); err != nil { // in the way
		t.Fatal(err)
	}
	k.save()
	if k.log.String() == "" {
		t.Error("nothing is said of a page that cannot be saved")
	}
}

// An SD card has so many writes: a wall that shows what is next, a picture that changes each minute, writes little of it.
func TestMemoryWritesSeldom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	synctest.Test(t, func(t *testing.T) {
		k := openMemory(dir)
		ctx, end := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() {
			if err := k.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		<-k.Ready()
		minute := 0
		look := func(minutes int) (bytes int64) {
			for range minutes {
				minute++
				p := body(60_000 + minute)
				p.Made = time.Now()
				remember(t, k.Memory, Query{Kind: Next}, p)
				remember(t, k.Memory, Query{Kind: WhatsNext}, body(60_000)) // stays the same
				time.Sleep(time.Minute)
				synctest.Wait()
				bytes += k.written(t)
			}
			return bytes
		}
		if n := look(29); n != 0 {
			t.Errorf("%d bytes in the first 29 minutes", n)
		}
		if n := look(1); n < 120_000 {
			t.Errorf("%d bytes after half an hour", n)
		}
		if n := look(60); n < 120_000 || n > 125_000 { // what is next, twice
			t.Errorf("%d bytes in an idle hour", n)
		}
		k.generation.Add(1)
		if n := look(10); n < 60_000 || n > 65_000 {
			t.Errorf("%d bytes in the ten minutes after a change", n)
		}
		total := int64(0)
		for range 60 {
			k.generation.Add(1)
			total += look(1)
		}
		if total > 1_000_000 {
			t.Errorf("%d bytes in an hour of changes", total)
		}
		if n := look(3); n != 0 {
			t.Errorf("%d bytes within ten minutes of the last time", n)
		}
		end()
		done.Wait()
		if n := k.written(t); n < 60_000 {
			t.Errorf("%d bytes at the end", n)
		}
	})
}

// A page that stays the same for days is written again before it is too old to be shown.
func TestMemoryRenewsTheAgeOfASamePage(t *testing.T) {
	k := openMemory(t.TempDir())
	made := time.Date(2026, 10, 22, 8, 0, 0, 0, time.UTC)
	wrote := []bool{}
	for hour := range 26 {
		p := body(100)
		p.Made = made.Add(time.Duration(hour) * time.Hour)
		remember(t, k.Memory, Query{Kind: WhatsNext}, p)
		k.save()
		wrote = append(wrote, k.written(t) > 0)
	}
	var hours []int
	for hour, w := range wrote {
		if w {
			hours = append(hours, hour)
		}
	}
	if !slices.Equal(hours, []int{0, 12, 24}) {
		t.Errorf("written in the hours %v", hours)
	}
}

func TestMemoryWithoutAFolderRuns(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	m := NewMemory(MemoryOptions{})
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	<-m.Ready()
	end()
	if err := <-done; err != nil || fmt.Sprint(m) != "last good pages" {
		t.Error(err, m)
	}
}
