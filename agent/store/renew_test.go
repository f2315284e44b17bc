package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/conn"
)

// fill gives the store something of everything.
func (k *kept) fill() {
	k.t.Helper()
	k.configure("work")
	k.must(k.PutWebSource(k.t.Context(), secretive("choir")))
	k.must(k.Hide(k.t.Context(), Hidden{ID: "h", Title: "H"}))
	k.must(k.Skip(k.t.Context(), "s", k.clock.Now().Add(time.Hour)))
	k.refill()
}

// refill fetches enough events for many pages.
func (k *kept) refill() {
	k.t.Helper()
	var many []string
	for i := range 300 {
		many = append(many, event(fmt.Sprint("u", i), 3, strings.Repeat("long ", 50)))
	}
	k.fetch("work", calendarOf(many...))
}

// damage overwrites everything but the first pages of the file, which stays open.
func (k *kept) damage(firstPages int64) {
	k.t.Helper()
	if k.db != nil {
		// Idle readers would answer from what they have in memory.
		k.must(k.db.CloseIdle())
		_, err := k.db.Write().Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		k.must(err)
	}
	f, err := os.OpenFile(k.path, os.O_RDWR, 0)
	k.must(err)
	info, err := f.Stat()
	k.must(err)
	from := firstPages * 4096
	_, err = f.WriteAt(bytes.Repeat([]byte("damage! "), int(info.Size()-from)/8), from)
	k.must(errors.Join(err, f.Close()))
}

func (k *kept) aside() []string {
	k.t.Helper()
	names, err := filepath.Glob(k.path + corruptSuffix + "*")
	k.must(err)
	var files []string
	for _, n := range names {
		if !strings.HasSuffix(n, "-wal") && !strings.HasSuffix(n, "-shm") {
			files = append(files, n)
		}
	}
	return files
}

// renewed checks that all but the events is there, that it was told, and that a fetch brings the events back.
func (k *kept) renewed(generation uint64) {
	k.t.Helper()
	if k.Generation() <= generation {
		k.t.Errorf("the generation went from %d to %d", generation, k.Generation())
	}
	if got := k.Recovered(); !strings.Contains(got, "damaged") || !strings.Contains(got, corruptSuffix) || !strings.Contains(got, "were kept") {
		k.t.Errorf("a person is told %q", got)
	}
	if got := k.ids(); got != "work choir" {
		k.t.Errorf("sources: %q", got)
	}
	for _, src := range k.list() {
		if src.State != Waiting || src.Events != 0 || !src.LastSuccess.IsZero() {
			k.t.Errorf("source: %+v", src)
		}
	}
	if v, err := k.Validators(k.t.Context(), "work"); err != nil || v != (Validators{}) {
		k.t.Errorf("validators: %v, %v: the next fetch would bring nothing", v, err)
	}
	web, err := k.WebSources(k.t.Context())
	if err != nil || len(web) != 1 || web[0].Password != "hush-password" {
		k.t.Errorf("web sources: %v, %v", web, err)
	}
	snap := k.between(day(3))
	if len(snap.Events) != 0 || len(snap.Hidden) != 1 || len(snap.Skipped) != 1 {
		k.t.Errorf("%d events, hidden %v, skipped %v", len(snap.Events), snap.Hidden, snap.Skipped)
	}
	k.refill()
	k.restart()
	if n := len(k.between(day(3)).Events); n != 300 {
		k.t.Errorf("%d events after the next fetch and a restart", n)
	}
	if k.Recovered() != "" {
		k.t.Errorf("it is still told: %s", k.Recovered())
	}
	var check string
	k.must(k.db.Read().QueryRow("PRAGMA integrity_check").Scan(&check))
	if check != "ok" {
		k.t.Error(check)
	}
}

func TestFileThatIsNoDatabaseIsSetAside(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.must(k.Close())
	garbage := []byte(strings.Repeat("this is not a database\n", 1000))
	k.must(os.WriteFile(k.path, garbage, 0o600))
	k.must(os.WriteFile(k.path+"-wal", []byte("nor is this a log"), 0o600)) // must not be taken for that of the new file
	k.open()
	if got := k.Recovered(); !strings.Contains(got, "damaged") || !strings.Contains(got, "entered again") {
		t.Errorf("a person is told %q", got)
	}
	files := k.aside()
	if len(files) != 1 {
		t.Fatalf("set aside: %v", files)
	}
	if kept, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(kept, garbage) {
		t.Errorf("the file set aside is another: %v", err)
	}
	k.fill()
	k.restart()
	if n := len(k.between(day(3)).Events); n != 300 {
		t.Errorf("%d events in the new file", n)
	}
}

func TestDamageFoundByAReadIsRepairedWhileRunning(t *testing.T) {
	k := newStore(t)
	k.fill()
	generation := k.Generation()
	k.damage(1)
	k.between(day(3))
	k.renewed(generation)
}

func TestDamageFoundByAWriteIsRepairedWhileRunning(t *testing.T) {
	k := newStore(t)
	k.fill()
	d, r := k.draft("work", calendarOf(event("a", 3, "A")))
	generation := k.Generation()
	k.damage(1)
	k.must(k.db.CloseIdle())
	if _, err := d.Commit(t.Context(), r, Validators{}, time.Time{}); !conn.IsCorrupt(err) {
		t.Errorf("the commit: %v", err)
	}
	k.renewed(generation)
}

func TestDamageFoundByAStatusIsRepairedWhileRunning(t *testing.T) {
	k := newStore(t)
	k.fill()
	generation := k.Generation()
	k.damage(1)
	k.must(k.db.CloseIdle())
	if err := k.Failed(t.Context(), "work", "dns", "no such host", time.Time{}); !conn.IsCorrupt(err) {
		t.Errorf("the failure: %v", err)
	}
	k.renewed(generation)
}

func TestWhatIsNotDamagedIsTakenOverAtTheStart(t *testing.T) {
	k := newStore(t)
	k.fill()
	generation := k.Generation()
	var root int64
	k.must(k.db.Read().QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'feed'").Scan(&root))
	k.must(k.Close())
	f, err := os.OpenFile(k.path, os.O_RDWR, 0)
	k.must(err)
	_, err = f.WriteAt(bytes.Repeat([]byte("damage! "), 512), (root-1)*4096)
	k.must(errors.Join(err, f.Close()))
	k.open()
	k.renewed(generation)
}

func TestFileThatIsCutShortIsReplaced(t *testing.T) {
	k := newStore(t)
	k.fill()
	generation := k.Generation()
	k.damage(10) // which also writes the log back
	k.must(os.Truncate(k.path, 10*4096))
	k.between(day(3))
	k.renewed(generation)

	k.must(k.Close())
	k.must(os.Truncate(k.path, 10*4096))
	k.open()
	if got := k.Recovered(); !strings.Contains(got, "entered again") {
		t.Errorf("a person is told %q", got)
	}
	k.fill()
	k.restart()
	if n := len(k.between(day(3)).Events); n != 300 {
		t.Errorf("%d events in the new file", n)
	}
}

func TestRepairsAreBounded(t *testing.T) {
	k := newStore(t)
	k.fill()
	for i := range maxRenewals {
		k.damage(1)
		k.between(day(3))
		if got := len(k.aside()); got != min(i+1, keptCorrupt) {
			t.Errorf("after repair %d, %d files are set aside", i+1, got)
		}
		k.refill()
	}
	k.damage(1)
	_, err := k.Between(t.Context(), day(3))
	if err == nil || !strings.Contains(err.Error(), "disk is probably failing") {
		t.Errorf("one repair more: %v", err)
	}
	k.clock.advance(time.Hour)
	k.between(day(3))
	k.refill()
	if n := len(k.between(day(3)).Events); n != 300 {
		t.Errorf("%d events after the last repair", n)
	}
}

func TestSameRepairsHaveDifferentSentences(t *testing.T) {
	k := newStore(t)
	k.fill()
	told := map[string]bool{}
	for range 2 {
		k.damage(1)
		k.between(day(3))
		told[k.Recovered()] = true
		k.refill()
	}
	if len(told) != 2 {
		t.Errorf("whoever watches for a repair cannot tell two apart: %v", told)
	}
}

func TestStoreRunsOnWhenNoNewFileCouldBeStarted(t *testing.T) {
	k := newStore(t)
	k.fill()
	generation := k.Generation()
	k.damage(1)
	dir := filepath.Dir(k.path)
	k.must(os.Rename(dir, dir+"-gone"))
	if _, err := k.Between(t.Context(), day(3)); err == nil {
		t.Error("there is no folder, and no error")
	}
	if got := k.ids(); got != "work choir" {
		t.Errorf("sources: %q", got)
	}
	k.must(os.Rename(dir+"-gone", dir))
	k.between(day(3))
	k.renewed(generation)
}
