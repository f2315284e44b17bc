package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
)

// change is one entry of the log as config.Live would hand it over.
func (k *kept) change(key, from, to string) config.Change {
	return config.Change{At: k.clock.Now(), By: config.By{Who: "Ada", Why: "a test"}, Key: key, Layer: config.Runtime,
		From: from, To: to, Had: from != "", Has: to != ""}
}

func (k *kept) record(runtime map[string]string, changes []config.Change, text []byte) {
	k.t.Helper()
	k.must(k.Record(k.t.Context(), runtime, changes, text))
}

func (k *kept) runtime() map[string]string {
	k.t.Helper()
	runtime, err := k.Runtime(k.t.Context())
	k.must(err)
	return runtime
}

func (k *kept) accepted() []byte {
	k.t.Helper()
	text, err := k.Accepted(k.t.Context())
	k.must(err)
	return text
}

func (k *kept) log(limit int) []config.Change {
	k.t.Helper()
	changes, err := k.Changes(k.t.Context(), limit)
	k.must(err)
	return changes
}

// archiveTables is all rows of the archive, to see whether anything was written.
func (k *kept) archiveTables() string {
	k.t.Helper()
	var all string
	k.must(k.db.Read().QueryRow(`SELECT (SELECT count(*) FROM setting) || ' ' || (SELECT count(*) FROM change) || ' ' ||
		(SELECT count(*) FROM accepted)`).Scan(&all))
	return all
}

func TestArchiveSurvivesARestart(t *testing.T) {
	k := newStore(t)
	if len(k.runtime()) != 0 || k.accepted() != nil || len(k.log(10)) != 0 {
		t.Errorf("a new archive has %v, %q, %v", k.runtime(), k.accepted(), k.log(10))
	}
	first := k.change("web.pin", "", "1234")
	k.record(map[string]string{"web.pin": "1234", "display.theme": ""}, []config.Change{first, k.change("display.theme", "dark", "")}, []byte("web: {}\n"))
	k.clock.advance(time.Minute)
	undo := k.change("web.pin", "1234", "")
	undo.Undoes, undo.Layer = 1, config.File
	k.record(map[string]string{"display.theme": ""}, []config.Change{undo}, nil)
	for range 2 {
		if got := k.runtime(); !maps.Equal(got, map[string]string{"display.theme": ""}) {
			t.Errorf("the runtime layer is %v", got)
		}
		if got := k.accepted(); string(got) != "web: {}\n" {
			t.Errorf("the accepted file is %q: a record without one must keep it", got)
		}
		log := k.log(10)
		first.ID, undo.ID = 1, 3
		if len(log) != 3 || log[0] != undo || log[2] != first || log[1].ID != 2 || log[1].Has {
			t.Errorf("the log is %+v", log)
		}
		if got := k.log(1); len(got) != 1 || got[0].ID != 3 {
			t.Errorf("the newest is %+v", got)
		}
		if len(k.log(0)) != 0 || len(k.log(-1)) != 0 {
			t.Error("none were asked for")
		}
		k.restart()
	}
	k.record(nil, nil, []byte{})
	k.restart()
	if got := k.accepted(); got == nil || len(got) != 0 || len(k.runtime()) != 0 {
		t.Errorf("an empty file is %#v, and the runtime layer %v", got, k.runtime())
	}
}

func TestWhatTheArchiveReturnsIsACopy(t *testing.T) {
	k := newStore(t)
	text := []byte("a: b\n")
	given := map[string]string{"log.level": "debug"}
	k.record(given, []config.Change{k.change("log.level", "", "debug")}, text)
	text[0], given["log.level"] = 'x', "x"
	k.runtime()["log.level"], k.accepted()[0], k.log(1)[0].Key = "y", 'y', "y"
	if k.runtime()["log.level"] != "debug" || string(k.accepted()) != "a: b\n" || k.log(1)[0].Key != "log.level" {
		t.Errorf("changed from outside: %v, %q, %v", k.runtime(), k.accepted(), k.log(1))
	}
}

func TestSameRecordIsNotWritten(t *testing.T) {
	k := newStore(t)
	runtime := map[string]string{"display.theme": "dark"}
	k.record(runtime, nil, []byte("a: b\n"))
	before := k.writes()
	k.record(runtime, nil, nil)
	k.record(runtime, nil, []byte("a: b\n"))
	if after := k.writes(); after != before {
		t.Errorf("%d rows were written", after-before)
	}
	k.record(runtime, []config.Change{k.change("a", "", "b")}, []byte("a: b\n"))
	// The generation of pages is none of the archive's, so it is one row.
	if after := k.writes(); after != before+1 {
		t.Errorf("one change wrote %d rows", after-before)
	}
}

// writes is how many rows the writer has changed.
func (k *kept) writes() int {
	k.t.Helper()
	var n int
	k.must(k.db.Write().QueryRow("SELECT total_changes()").Scan(&n))
	return n
}

func TestLogIsBounded(t *testing.T) {
	k := newStore(t)
	for i := range 3 {
		var many []config.Change
		for n := range maxChanges/2 + 1 {
			many = append(many, k.change("display.theme", "", fmt.Sprint(i, n)))
		}
		k.record(nil, many, nil)
	}
	newest := int64(3 * (maxChanges/2 + 1))
	for range 2 {
		log := k.log(2 * maxChanges)
		if len(log) != maxChanges || log[0].ID != newest || log[len(log)-1].ID != newest-maxChanges+1 {
			t.Fatalf("%d changes, from %d to %d", len(log), log[0].ID, log[len(log)-1].ID)
		}
		if got := k.archiveTables(); got != fmt.Sprintf("0 %d 0", maxChanges) {
			t.Errorf("rows: %s", got)
		}
		k.restart()
	}
	long := k.change("sources", "", strings.Repeat("x", maxChangeBytes))
	long.By = config.By{Who: strings.Repeat("ü", 2*maxWho), Why: strings.Repeat("ß", 2*maxWhy)}
	k.record(nil, []config.Change{long}, nil)
	k.restart()
	log := k.log(10)
	if len(log) != 1 || log[0].ID != newest+1 || log[0].To != long.To {
		t.Errorf("%d changes; the newest is kept, whatever its length", len(log))
	}
	if by := log[0].By; by.Who != strings.Repeat("ü", maxWho) || by.Why != strings.Repeat("ß", maxWhy) {
		t.Errorf("who has %d bytes, why has %d", len(by.Who), len(by.Why))
	}
}

func TestArchiveIsBounded(t *testing.T) {
	k := newStore(t)
	many := map[string]string{}
	for i := range maxSettings + 1 {
		many[fmt.Sprint(i)] = ""
	}
	for what, c := range map[string]struct {
		runtime map[string]string
		text    []byte
		words   string
	}{
		"many settings": {runtime: many, words: "allowed are 1000"},
		"a long one":    {runtime: map[string]string{"a": strings.Repeat("x", maxSettingBytes)}, words: "allowed are 1048576"},
		"a large file":  {text: make([]byte, maxAccepted+1), words: "allowed are 1048576"},
	} {
		err := k.Record(t.Context(), c.runtime, []config.Change{k.change("a", "", "b")}, c.text)
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := k.archiveTables(); got != "0 0 0" || len(k.runtime()) != 0 || len(k.log(10)) != 0 {
		t.Errorf("something was kept: %s, %v", got, k.runtime())
	}
}

func TestRecordIsWholeOrNothing(t *testing.T) {
	k := newStore(t)
	k.record(map[string]string{"display.theme": "dark"}, []config.Change{k.change("display.theme", "", "dark")}, []byte("old"))
	_, err := k.db.Write().Exec(`CREATE TRIGGER refuse BEFORE INSERT ON accepted BEGIN SELECT RAISE(ABORT, 'not now'); END`)
	k.must(err)
	err = k.Record(t.Context(), map[string]string{"display.theme": "light"}, []config.Change{k.change("display.theme", "dark", "light")}, []byte("new"))
	if err == nil || !strings.Contains(err.Error(), "save the settings: not now") {
		t.Errorf("the error is %v", err)
	}
	for range 2 {
		if k.runtime()["display.theme"] != "dark" || string(k.accepted()) != "old" || len(k.log(10)) != 1 {
			t.Errorf("half was kept: %v, %q, %v", k.runtime(), k.accepted(), k.log(10))
		}
		k.restart()
	}
	k.must(k.Close())
	if err := k.Record(t.Context(), nil, nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
	k.open()
}

func TestRecordThatCannotBeWrittenChangesNothing(t *testing.T) {
	k := newStore(t)
	k.settled()
	k.readOnly(true)
	err := k.Record(t.Context(), map[string]string{"web.reads": "open"}, []config.Change{k.change("web.reads", "closed", "open")}, []byte("new"))
	if !conn.IsReadOnly(err) || !strings.Contains(err.Error(), "save the settings: the file or its disk is read-only") {
		t.Errorf("got %v", err)
	}
	k.holdsArchive()
	k.readOnly(false)
	k.record(map[string]string{"web.reads": "open"}, nil, nil)
	k.restart()
	if k.runtime()["web.reads"] != "open" {
		t.Errorf("after it could be written again: %v", k.runtime())
	}
}

// settled gives the archive something of everything.
func (k *kept) settled() {
	k.t.Helper()
	k.record(map[string]string{"web.reads": "closed"}, []config.Change{k.change("web.reads", "", "closed")}, []byte("web: {}\n"))
}

func (k *kept) holdsArchive() {
	k.t.Helper()
	if k.runtime()["web.reads"] != "closed" || string(k.accepted()) != "web: {}\n" || len(k.log(10)) != 1 || k.log(1)[0].To != "closed" {
		k.t.Errorf("of the archive there is %v, %q, %v", k.runtime(), k.accepted(), k.log(10))
	}
}

func TestArchiveIsTakenIntoANewFile(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.settled()
	generation := k.Generation()
	k.damage(1)
	k.between(day(3))
	if got := k.Recovered(); !strings.Contains(got, "Sources, settings and hidden events were kept") || strings.Contains(got, "configuration file again") {
		t.Errorf("a person is told %q", got)
	}
	k.holdsArchive()
	k.renewed(generation) // restarts too
	k.holdsArchive()
}

func TestArchiveThatIsDamagedIsKeptWhereItCanBeRead(t *testing.T) {
	for _, table := range []string{"setting", "change", "accepted"} {
		t.Run(table, func(t *testing.T) {
			k := newStore(t)
			k.fill()
			k.settled()
			var page int64
			k.must(k.db.Read().QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = ?", table).Scan(&page))
			k.must(k.Close())
			f, err := os.OpenFile(k.path, os.O_RDWR, 0)
			k.must(err)
			_, err = f.WriteAt(bytes.Repeat([]byte("damage! "), 512), (page-1)*4096)
			k.must(errors.Join(err, f.Close()))
			k.open()
			if got := k.Recovered(); !strings.Contains(got, "may be those of the configuration file again") {
				t.Errorf("a person is told %q", got)
			}
			for range 2 {
				if read := len(k.runtime()) == 1; read == (table == "setting") {
					t.Errorf("the runtime layer is %v", k.runtime())
				}
				if read := len(k.log(10)) == 1; read == (table == "change") {
					t.Errorf("the log is %v", k.log(10))
				}
				if read := k.accepted() != nil; read == (table == "accepted") {
					t.Errorf("the accepted file is %q", k.accepted())
				}
				if got := k.ids(); got != "work choir" {
					t.Errorf("sources: %s", got)
				}
				k.restart()
			}
		})
	}
}

func TestDamageFoundByARecordLosesOnlyThatRecord(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.settled()
	k.damage(1)
	k.must(k.db.CloseIdle())
	if err := k.Record(t.Context(), map[string]string{"web.reads": "open"}, nil, nil); !conn.IsCorrupt(err) || !strings.Contains(err.Error(), "the database is damaged") {
		t.Errorf("the error is %v", err)
	}
	k.holdsArchive()
	k.record(map[string]string{"web.reads": "open"}, nil, nil)
	k.restart()
	if k.runtime()["web.reads"] != "open" {
		t.Errorf("the next one is lost: %v", k.runtime())
	}
}

// recordForEver is the program that is killed: with each number it changes the runtime layer, the log and the file.
func recordForEver(t *testing.T, path string) {
	k := &kept{t: t, path: path, clock: newClock()}
	k.open()
	for n := k.wholeArchive() + 1; ; n++ {
		text := strconv.Itoa(n)
		k.record(map[string]string{"display.days": text, "n" + text: ""}, []config.Change{k.change("display.days", "", text)}, []byte(text))
		if _, err := fmt.Println("stored", n); err != nil {
			os.Exit(1)
		}
	}
}

// wholeArchive returns the number that runtime layer, log and file agree on, and fails when they don't.
func (k *kept) wholeArchive() int {
	k.t.Helper()
	runtime, log := k.runtime(), k.log(1)
	if len(runtime) == 0 && len(log) == 0 && k.accepted() == nil {
		return 0
	}
	text := runtime["display.days"]
	_, own := runtime["n"+text]
	n, err := strconv.Atoi(text)
	if err != nil || !own || len(runtime) != 2 || len(log) != 1 || log[0].To != text || log[0].ID != int64(n) || string(k.accepted()) != text {
		k.t.Fatalf("a mix: %v, %v, %q", runtime, log, k.accepted())
	}
	return n
}

func TestArchiveOfAProgramKilledAtAnyMoment(t *testing.T) {
	const inside = "CALENDARBOT_TEST_ARCHIVE_KILLED"
	if path := os.Getenv(inside); path != "" {
		recordForEver(t, path)
	}
	k := newStore(t)
	told := 0
	for round := range 8 {
		k.must(k.Close())
		told = runAndKill(t, inside, k.path, told)
		k.open()
		if k.Recovered() != "" {
			t.Fatalf("round %d: %s", round, k.Recovered())
		}
		stored := k.wholeArchive()
		if stored != told && stored != told+1 {
			t.Fatalf("round %d: %d is stored, %d was the last that was told", round, stored, told)
		}
		told = stored
	}
	if told == 0 {
		t.Error("nothing was ever recorded")
	}
}

func TestRecordWhoseTimeIsOverWritesNothing(t *testing.T) {
	k := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Record(ctx, map[string]string{"log.level": "debug"}, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(k.runtime()) != 0 {
		t.Errorf("kept %v", k.runtime())
	}
}
