package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/scripts/demo/mischief"
)

const (
	addition = "ALTER TABLE source ADD COLUMN later TEXT NOT NULL DEFAULT 'yes';\nCREATE TABLE later (n INTEGER);\nINSERT INTO later VALUES (1);"
	newText  = "ALTER TABLE component RENAME COLUMN text TO body;"
)

// later lets a later version of the program run, with one more migration.
func (k *kept) later(statement string, run func()) {
	k.t.Helper()
	k.must(k.Close())
	s, err := open(k.t.Context(), k.options(), later(k.t, statement))
	k.must(err)
	k.Store = s
	run()
	k.must(k.Close())
}

// word records a setting.
func (k *kept) word(key, text string) {
	k.t.Helper()
	k.must(k.Record(k.t.Context(), map[string]string{key: text}, []config.Change{{Key: key, To: text, Has: true}}, nil))
}

// holds checks what a person and the calendars have left.
func (k *kept) holds(titles, hidden, web, setting string) {
	k.t.Helper()
	if got := k.titles(march()); got != titles {
		k.t.Errorf("events %q, want %q", got, titles)
	}
	var ids []string
	for id := range k.between(march()).Hidden {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if got := strings.Join(ids, " "); got != hidden {
		k.t.Errorf("hidden %q, want %q", got, hidden)
	}
	sources, err := k.WebSources(k.t.Context())
	k.must(err)
	ids = nil
	for _, s := range sources {
		ids = append(ids, s.ID)
	}
	if got := strings.Join(ids, " "); got != web {
		k.t.Errorf("sources of people %q, want %q", got, web)
	}
	settings, err := k.Runtime(k.t.Context())
	k.must(err)
	if settings["a.b"] != setting {
		k.t.Errorf("settings %v, want %s", settings, setting)
	}
}

// before fills the store with what an earlier version leaves, and now with what a person does under the later one.
func (k *kept) before() {
	k.t.Helper()
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A")))
	k.must(k.Hide(k.t.Context(), Hidden{ID: "h"}))
	k.must(k.PutWebSource(k.t.Context(), secretive("choir")))
	k.word("a.b", "old")
}

func (k *kept) now() {
	k.t.Helper()
	ctx := k.t.Context()
	k.fetch("work", calendarOf(event("b", 3, "B")))
	k.must(k.Hide(ctx, Hidden{ID: "i"}))
	k.must(k.Skip(ctx, "s", k.clock.Now().Add(time.Hour)))
	k.must(errors.Join(k.DeleteWebSource(ctx, "choir"), k.PutWebSource(ctx, secretive("club"))))
	k.word("a.b", "new")
	_, err := k.AddAction(ctx, k.hot(1))
	k.must(err)
}

func TestEarlierVersionGoesOnWithWhatALaterOneMigrated(t *testing.T) {
	k := newStore(t)
	k.before()
	var generation uint64
	k.later(addition, func() { k.now(); generation = k.Generation() })
	k.open()
	k.holds("work:B", "h i", "club", "new")
	k.says("An earlier version", "were taken over", filepath.Base(copies(k.path).of(90000)))
	if k.source("work").Events != 1 || len(k.between(march()).Skipped) != 1 || len(k.actions(9)) != 1 {
		t.Errorf("%+v, %d skips, %d actions", k.source("work"), len(k.between(march()).Skipped), len(k.actions(9)))
	}
	changes, err := k.Changes(t.Context(), 9)
	k.must(err)
	if len(changes) != 2 || k.Generation() <= generation {
		t.Errorf("%d changes, generation %d after %d", len(changes), k.Generation(), generation)
	}
	if got, err := k.WebSources(t.Context()); err != nil || got[0].Password != secretive("club").Password {
		t.Errorf("the password is lost: %v", err)
	}
	for _, name := range []string{k.path, copies(k.path).of(3), copies(k.path).of(90000)} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	k.restart()
	k.holds("work:B", "h i", "club", "new")
	if k.Recovered() != "" {
		t.Errorf("it is still told: %s", k.Recovered())
	}

	// The later version runs again: with what this one leaves, not with what was kept.
	_, err = k.Unhide(t.Context(), "h")
	k.must(err)
	k.fetch("work", calendarOf(event("c", 3, "C")))
	k.later(addition, func() {
		k.holds("work:C", "i", "club", "new")
		if k.Recovered() != "" {
			t.Errorf("going forward is told: %s", k.Recovered())
		}
	})
	k.open()
	k.holds("work:C", "i", "club", "new")
	if left := k.files(); left != "calendarbot.db calendarbot.db-shm calendarbot.db-wal calendarbot.db.schema-3 calendarbot.db.schema-90000" {
		t.Errorf("files: %s", left)
	}
}

// files are the names in the folder.
func (k *kept) files() string {
	k.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(k.path))
	k.must(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestWhatALaterVersionKeepsOtherwiseIsTakenFromTheCopy(t *testing.T) {
	for name, c := range map[string]struct {
		statement, events, hidden, web, setting string
		told                                    string
	}{
		"texts of events":  {newText, "work:A", "h i", "club", "new", "as they were on 20"},
		"hidden events":    {"ALTER TABLE hidden RENAME TO concealed;", "work:B", "h", "club", "new", "hidden events"},
		"settings":         {"ALTER TABLE setting RENAME COLUMN text TO words;", "work:B", "h i", "club", "old", "settings"},
		"accepted":         {"DROP TABLE accepted;", "work:B", "h i", "club", "old", "settings"},
		"sources":          {"ALTER TABLE source RENAME COLUMN settings TO wishes;", "work:A", "h i", "choir", "new", "calendars"},
		"words of sources": {"UPDATE source SET settings = 'no JSON';", "work:A", "h i", "choir", "new", "calendars"},
		"generation":       {"DROP TABLE meta;", "work:B", "h i", "club", "new", "were taken over"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newStore(t)
			k.before()
			generation := k.Generation()
			k.later(addition, k.now)
			// The program of the test cannot run on what it does not know: the rest of the migration is by hand.
			db, err := conn.OpenDB(t.Context(), k.path, conn.DBOptions{})
			k.must(err)
			_, err = db.Write().Exec(c.statement)
			k.must(errors.Join(err, db.Close()))
			k.open()
			k.holds(c.events, c.hidden, c.web, c.setting)
			k.says(c.told)
			if k.Generation() <= generation {
				t.Errorf("generation %d after %d", k.Generation(), generation)
			}
			if src := k.source("work"); src.Events != 1 {
				t.Errorf("%+v", src)
			}
			k.fetch("work", calendarOf(event("d", 3, "D")))
			if got := k.titles(march()); got != "work:D" {
				t.Errorf("after the next fetch: %s", got)
			}
		})
	}
}

func TestDatabaseThatALaterVersionHasBegun(t *testing.T) {
	k := newStore(t)
	k.must(errors.Join(k.Close(), os.Remove(k.path)))
	k.later(addition, func() { k.before(); k.now() })
	k.open()
	k.holds("work:B", "h i", "club", "new")
	k.later(addition, func() {})
	db, err := conn.OpenDB(t.Context(), k.path, conn.DBOptions{})
	k.must(err)
	_, err = db.Write().Exec(newText)
	k.must(errors.Join(err, db.Close()))
	for _, one := range []int64{3, 90000} { // without a copy
		k.must(remove(copies(k.path).of(one)))
	}
	k.open()
	k.holds("", "h i", "club", "new")
	k.says("fetched again", "calendars")
}

func TestDamagedCopyDoesNotKeepAnEarlierVersionFromStarting(t *testing.T) {
	k := newStore(t)
	k.before()
	k.later(addition, k.now)
	k.must(os.WriteFile(copies(k.path).of(3), bytes.Repeat([]byte("no database "), 1000), 0o600))
	k.open()
	k.holds("work:B", "h i", "club", "new")
}

// TestGoingBackIsBegunAgain leaves what a power cut may leave at each step.
func TestGoingBackIsBegunAgain(t *testing.T) {
	for name, cut := range map[string]func(k *kept) error{
		"a file that was begun": func(k *kept) error {
			return errors.Join(os.WriteFile(k.path+backSuffix, []byte("half"), 0o600), os.WriteFile(k.path+backSuffix+"-wal", []byte("half"), 0o600))
		},
		"a file that is whole": func(k *kept) error { return copyTo(copies(k.path).of(3), k.path+backSuffix) },
		"a name of two": func(k *kept) error {
			return errors.Join(copyTo(copies(k.path).of(3), k.path+backSuffix), os.Link(k.path, copies(k.path).of(90000)+".new"))
		},
		"a file of two names": func(k *kept) error {
			return errors.Join(copyTo(copies(k.path).of(3), k.path+backSuffix), os.Link(k.path, copies(k.path).of(90000)))
		},
		"a file of two names, and the later version ran again": func(k *kept) error {
			err := errors.Join(copyTo(copies(k.path).of(3), k.path+backSuffix), os.Link(k.path, copies(k.path).of(90000)))
			k.later(addition, func() { k.must(k.Hide(k.t.Context(), Hidden{ID: "j"})) })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newStore(t)
			k.before()
			k.later(addition, k.now)
			k.must(cut(k))
			k.open()
			hidden := "h i"
			if strings.HasSuffix(name, "again") {
				hidden = "h i j"
			}
			k.holds("work:B", hidden, "club", "new")
			if left := k.files(); left != "calendarbot.db calendarbot.db-shm calendarbot.db-wal calendarbot.db.schema-3 calendarbot.db.schema-90000" {
				t.Errorf("files: %s", left)
			}
			first, err := os.Stat(k.path)
			k.must(err)
			second, err := os.Stat(copies(k.path).of(90000))
			k.must(err)
			if os.SameFile(first, second) {
				t.Error("what was kept is what is changed")
			}
		})
	}
}

func copyTo(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// TestKilledBetweenVersions runs itself as an earlier and a later version in turn, each of which hides events, and kills it.
func TestKilledBetweenVersions(t *testing.T) {
	const inside, version = "CALENDARBOT_TEST_KILLED_BETWEEN", "CALENDARBOT_TEST_VERSION"
	if path := os.Getenv(inside); path != "" {
		k := &kept{t: t, path: path, clock: newClock()}
		migrations := schema()
		if os.Getenv(version) == "later" {
			migrations = later(t, addition)
		}
		s, err := open(t.Context(), k.options(), migrations)
		k.must(err)
		for n := len(s.picture.Load().hidden); ; n++ {
			k.must(s.Hide(t.Context(), Hidden{ID: fmt.Sprint("n", n)}))
			fmt.Println(n)
		}
	}
	k := newStore(t)
	k.fill()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 16 {
		hidden := len(k.between(march()).Hidden)
		k.must(k.Close())
		for i := range 2 {
			ctx, cancel := context.WithCancel(t.Context())
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
			cmd.Env = append(os.Environ(), inside+"="+k.path, version+"="+[]string{"later", "earlier"}[i])
			said, err := cmd.StdoutPipe()
			k.must(errors.Join(err, cmd.Start()))
			// By turns while it opens the database, and after it hid something, however long it takes for that.
			if round%2 == 1 {
				if _, err := said.Read(make([]byte, 1)); err != nil {
					t.Fatalf("seed %d, round %d: the program ended by itself: %v", seed, round, errors.Join(err, cmd.Wait()))
				}
			}
			timer := time.AfterFunc(time.Duration(random.IntN(80_000))*time.Microsecond, cancel)
			out, err := io.ReadAll(said)
			if err = errors.Join(err, cmd.Wait()); ctx.Err() == nil {
				t.Fatalf("seed %d, round %d: the program ended by itself: %v\n%s", seed, round, err, out)
			}
			timer.Stop()
		}
		k.open()
		if n := len(k.between(march()).Events); n != 300 || len(k.between(march()).Hidden) < hidden || k.source("work").State != OK {
			t.Fatalf("seed %d, round %d: %d events, %d hidden, before %d", seed, round, n, len(k.between(march()).Hidden), hidden)
		}
	}
	if len(k.between(march()).Hidden) == 1 {
		t.Error("nothing was ever hidden")
	}
}

// stubborn makes a copy of a schema that is the first to be removed, and cannot be.
func (k *kept) stubborn(schema int64) {
	k.t.Helper()
	name := copies(k.path).of(schema)
	k.must(errors.Join(os.WriteFile(name, nil, 0o600), os.Chtimes(name, time.Unix(schema, 0), time.Unix(schema, 0)), os.MkdirAll(name+"-wal/x", 0o700)))
}

func TestCopyThatCannotBeRemovedKeepsNoVersionFromStarting(t *testing.T) {
	k := newStore(t)
	k.before()
	k.stubborn(1)
	k.stubborn(2)
	k.later(addition, k.now) // copies too, before it migrates
	k.open()
	k.holds("work:B", "h i", "club", "new")
	k.says("were taken over", filepath.Base(copies(k.path).of(90000)))
	if k.Sealed() {
		t.Error("nothing can be stored")
	}
	k.must(errors.Join(os.RemoveAll(copies(k.path).of(1)+"-wal"), os.RemoveAll(copies(k.path).of(2)+"-wal")))
	copies(k.path).prune(90000)
	if left := k.files(); left != "calendarbot.db calendarbot.db-shm calendarbot.db-wal calendarbot.db.schema-2 calendarbot.db.schema-3 calendarbot.db.schema-90000" {
		t.Errorf("files: %s", left)
	}
}

// TestLogThatWasNotWrittenBack leaves a database that no longer is in use with its log, as a disk that fails while it is closed does.
func TestLogThatWasNotWrittenBack(t *testing.T) {
	k := newStore(t)
	k.must(copyTo(k.path, k.path+backSuffix))
	if err := unlogged(k.path + backSuffix); err != nil {
		t.Errorf("without a log: %v", err)
	}
	k.must(os.WriteFile(k.path+backSuffix+"-wal", nil, 0o600))
	if err := unlogged(k.path + backSuffix); err != nil {
		t.Errorf("with an empty one: %v", err)
	}
	k.must(os.WriteFile(k.path+backSuffix+"-wal", []byte("a change"), 0o600))
	if err := unlogged(k.path + backSuffix); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("with one: %v", err)
	}
}

func TestFullDiskKeepsNoVersionFromStarting(t *testing.T) {
	dir, err := mischief.WithDisk(t.Context(), t.Name(), t.TempDir())
	switch {
	case errors.Is(err, mischief.ErrNoDisk):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	case dir == "":
		return
	}
	k := &kept{t: t, path: dir + "/calendarbot.db", clock: newClock()}
	k.open()
	k.before()
	full := func() { // but for so little that only a small file can be made
		data := make([]byte, 32<<20)
		for len(data) > 1<<12 && os.WriteFile(dir+"/photos", data, 0o600) != nil {
			data = data[:len(data)-256<<10]
		}
	}
	empty := func() { k.must(os.Remove(dir + "/photos")) }

	k.must(k.Close())
	full()
	k.Store, err = open(t.Context(), k.options(), later(t, addition))
	k.must(err)
	k.holds("work:A", "h", "choir", "old")
	k.says("The disk is too full", "Make room")
	k.must(k.Hide(t.Context(), Hidden{ID: "in memory"}))
	k.must(k.Close())
	empty()
	k.open()
	k.holds("work:A", "h", "choir", "old")
	if k.Recovered() != "" {
		t.Errorf("the file was changed: %s", k.Recovered())
	}

	k.later(addition, k.now)
	full()
	k.open()
	k.holds("work:B", "h i", "club", "new")
	k.says("The disk is too full", "Make room")
	k.must(k.Close())
	empty()
	k.open()
	k.holds("work:B", "h i", "club", "new")
	k.says("were taken over")
	k.must(k.Close())
}

func TestReadOnlyDiskWithTheDatabaseOfALaterVersion(t *testing.T) {
	k := onDisk(t)
	if k == nil {
		return
	}
	dir := filepath.Dir(k.path)
	k.must(mischief.Unseal(dir))
	k.later(addition, func() { k.must(k.Hide(t.Context(), Hidden{ID: "i"})) })
	k.must(mischief.Seal(dir))
	k.open()
	k.says("The disk is read-only", "lost when the program ends")
	if snap := k.between(day(3)); len(snap.Events) != 300 || len(snap.Hidden) != 2 {
		t.Errorf("%d events, %d hidden", len(snap.Events), len(snap.Hidden))
	}
}

func TestCopiesAreBounded(t *testing.T) {
	k := newStore(t)
	k.before()
	c := copies(k.path)
	for i, schema := range []int64{7, 9, 8, 11, 10} {
		k.must(c.add(t.Context(), k.db.Write(), schema))
		at := k.clock.Now().Add(time.Duration(i) * time.Hour)
		k.must(os.Chtimes(c.of(schema), at, at))
	}
	k.must(os.WriteFile(c.of(12)+".new", nil, 0o600))
	all, err := c.list()
	k.must(err)
	var left []int64
	for _, one := range all {
		left = append(left, one.schema)
	}
	if !slices.Equal(left, []int64{11, 10, 8}) {
		t.Errorf("there are copies of %v", left)
	}
	if one, there := c.newest(9); !there || one.schema != 8 {
		t.Errorf("a program that knows 9 takes %v", one)
	}
	if one, there := c.newest(7); there {
		t.Errorf("a program that knows 7 takes %v", one)
	}
}

func TestEveryTableIsTakenOver(t *testing.T) {
	k := newStore(t)
	var want, got []string
	k.must(each(t.Context(), k.db.Read(), `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> ?`,
		func(rows *sql.Rows) error {
			want = append(want, "")
			return rows.Scan(&want[len(want)-1])
		}, goose.DefaultTablename))
	slices.Sort(want)
	for _, one := range parts() {
		got = append(got, one.tables...)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v are taken over; there are %v", got, want)
	}
}
