package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/ics"
)

// versionOf is a feed of which all events, its name and its zone say the same number. Most events of
// two versions differ, some are gone and some are new.
func versionOf(n int) string {
	var all []string
	for i := range 60 + n%7 {
		title := fmt.Sprint("version ", n)
		if i < 5 {
			title = "always"
		}
		all = append(all, event(fmt.Sprint("u", i+n%3), 3, title))
	}
	all = append(all, event("series", 3, fmt.Sprint("version ", n), "RRULE:FREQ=DAILY"),
		event("series", 4, fmt.Sprint("version ", n), "RECURRENCE-ID:20260304T120000Z"))
	return strings.Replace(calendarOf(all...), "X-WR-CALNAME:Test", fmt.Sprint("X-WR-CALNAME:", n), 1)
}

// whole returns the version that is stored, 0 for none, and fails when it is a mix.
func (k *kept) whole() int {
	k.t.Helper()
	var check string
	k.must(k.db.Read().QueryRow("PRAGMA integrity_check").Scan(&check))
	if check != "ok" {
		k.t.Fatalf("the database is damaged: %s", check)
	}
	src := k.source("work")
	if src.Events == 0 {
		if n := len(k.between(march()).Events); n != 0 {
			k.t.Fatalf("%d events of no version", n)
		}
		return 0
	}
	n, err := strconv.Atoi(src.Name)
	k.must(err)
	want, _ := parse(k.t, versionOf(n))
	if src.Events != distinct(want) || len(k.between(march()).Events) != src.Events {
		k.t.Fatalf("version %d has %d events, %d are told and %d read", n, distinct(want), src.Events, len(k.between(march()).Events))
	}
	for _, e := range k.between(march()).Events {
		if e.Summary != "always" && e.Summary != fmt.Sprint("version ", n) {
			k.t.Fatalf("in version %d there is an event of %s", n, e.Summary)
		}
	}
	return n
}

func distinct(all []ics.Component) int {
	texts := map[string]bool{}
	for _, c := range all {
		texts[string(c.Text)] = true
	}
	return len(texts)
}

func nameless(k *kept) {
	k.t.Helper()
	src := configured("work")
	src[0].Name = ""
	k.must(k.SetConfigured(k.t.Context(), src))
}

// TestKilledAtAnyMoment runs itself again as a program that commits one version after the other and tells of
// each, and kills it.
func TestKilledAtAnyMoment(t *testing.T) {
	const inside = "CALENDARBOT_TEST_KILLED"
	if path := os.Getenv(inside); path != "" {
		commitForEver(t, path)
	}
	k := newStore(t)
	nameless(k)
	told := 0
	for round := range 12 {
		k.must(k.Close())
		told = runAndKill(t, inside, k.path, told)
		k.open()
		if k.Recovered() != "" {
			t.Fatalf("round %d: %s", round, k.Recovered())
		}
		stored := k.whole()
		if stored != told && stored != told+1 {
			t.Fatalf("round %d: version %d is stored, %d was the last that was told", round, stored, told)
		}
		hidden := k.between(march()).Hidden
		if told > 0 && hidden[fmt.Sprint(told)].ID == "" {
			t.Fatalf("round %d: what a person hid with version %d is lost: %d are hidden", round, told, len(hidden))
		}
		told = stored
	}
	if told == 0 {
		t.Error("nothing was ever committed")
	}
}

// runAndKill starts the program, kills it some time after its first word, and returns the last
// version it has told of.
func runAndKill(t *testing.T, inside, path string, told int) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for first := true; lines.Scan(); first = false {
		n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "stored "))
		if err != nil {
			t.Fatalf("the program said %q", lines.Text())
		}
		told = n
		if first {
			time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, cancel)
		}
	}
	if err := cmd.Wait(); ctx.Err() == nil {
		t.Fatalf("the program ended by itself: %v", err)
	}
	return told
}

// commitForEver is the program that is killed.
func commitForEver(t *testing.T, path string) {
	k := &kept{t: t, path: path, clock: newClock()}
	k.open()
	for n := k.whole() + 1; ; n++ {
		k.must(k.Hide(t.Context(), Hidden{ID: fmt.Sprint(n)}))
		k.fetch("work", versionOf(n))
		if _, err := fmt.Println("stored", n); err != nil {
			os.Exit(1)
		}
	}
}

// TestLogThatBreaksOffAnywhere cuts and garbles the log as a power cut may do, at many places.
func TestLogThatBreaksOffAnywhere(t *testing.T) {
	k := newStore(t)
	nameless(k)
	k.fetch("work", versionOf(1))
	k.restart()
	k.fetch("work", versionOf(2))
	k.fetch("work", versionOf(3))
	file, err := os.ReadFile(k.path)
	k.must(err)
	log, err := os.ReadFile(k.path + "-wal")
	k.must(err)
	if len(log) == 0 {
		t.Fatal("there is no log to cut")
	}
	seen := map[int]bool{}
	for i := range 60 {
		cut := len(log) * i / 59
		torn := append([]byte(nil), log[:cut]...)
		if i%2 == 1 { // a block that was allocated and not written
			torn = append(torn, make([]byte, min(4096, len(log)-cut))...)
		}
		c := &kept{t: t, path: filepath.Join(t.TempDir(), "torn.db"), clock: k.clock}
		k.must(errors.Join(os.WriteFile(c.path, file, 0o600), os.WriteFile(c.path+"-wal", torn, 0o600)))
		c.open()
		if c.Recovered() != "" {
			t.Fatalf("cut at %d: %s", cut, c.Recovered())
		}
		seen[c.whole()] = true
		k.must(c.Close())
	}
	if !seen[1] || !seen[2] || !seen[3] || len(seen) != 3 {
		t.Errorf("versions %v were found, want 1, 2 and 3", seen)
	}
}
