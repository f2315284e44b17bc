package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// set changes one setting.
func set(t *testing.T, l *Live, key, text string) *State {
	t.Helper()
	s, err := l.Set(t.Context(), map[string]*string{key: &text}, By{"Ada", "a test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSet(t *testing.T) {
	kept := &memory{}
	in := Input{Path: written(t, "display:\n  days: 3\n"), Env: environment("CALENDARBOT_DISPLAY_DAYS=4"), Flags: map[string]string{"display.days": "5"}}
	l := begun(t, in, kept)
	first := l.State()
	s := set(t, l, "display.days", "06")
	if s != l.State() || s.Config.Display.Days != 6 || s.Revision != 2 || find(t, s.Values, "display.days") != (Value{"display.days", "6", Runtime, "runtime"}) {
		t.Errorf("got %+v", s)
	}
	if first.Config.Display.Days != 5 {
		t.Error("the state before was changed")
	}
	want := []Change{{ID: 1, At: someday(), By: By{"Ada", "a test"}, Key: "display.days", Layer: Runtime, To: "6", Has: true}}
	if !reflect.DeepEqual(kept.changes, want) || kept.runtime["display.days"] != "6" {
		t.Errorf("got %+v, %v", kept.changes, kept.runtime)
	}
	if again := set(t, l, "display.days", "6"); again != s || len(kept.changes) != 1 {
		t.Error("the same again is a change")
	}
	// It outlives a restart.
	if again := begun(t, in, kept).State(); again.Config.Display.Days != 6 {
		t.Errorf("got %+v", again.Config.Display)
	}
	// Taking the word back lets the layer below speak again.
	s, err := l.Set(t.Context(), map[string]*string{"display.days": nil, "web.port": nil}, By{})
	if err != nil || s.Config.Display.Days != 5 || s.Revision != 3 || len(kept.runtime) != 0 || len(kept.changes) != 2 || kept.changes[1].Has || kept.changes[1].From != "6" {
		t.Errorf("got %+v, %v, %+v", s, err, kept.changes)
	}
}

func TestSetEmptyIsNotTakingBack(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{Path: written(t, "web:\n  pin: '1234'\n")}, kept)
	if s := set(t, l, "web.pin", ""); s.Config.Web.PIN != "" || !kept.changes[0].Has {
		t.Errorf("got %+v", kept.changes)
	}
}

func TestSetIsAllOrNone(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	before := l.State()
	text := func(s string) *string { return &s }
	s, err := l.Set(t.Context(), map[string]*string{
		"display.days":        text("3"),
		"display.scale":       text("5"),
		"http.max_conns":      text("101"),
		"http.per_host":       text("31"),
		"db.readers":          text("11"),
		"cache.max_bytes":     text("51 MiB"),
		"display.them":        text("dark"),
		"kitchen_sink":        nil,
		"sources.family.name": text("x"),
		"sources":             nil,
		"store.path":          text("/tmp/x"),
		"web.write_token":     text("secret"),
	}, By{})
	if err == nil {
		t.Fatal("no error")
	}
	const sources = " is not set here: calendars are added and changed on the page of calendars, through /api/v1/sources, or in the configuration file"
	want := []string{
		`cache.max_bytes: "51 MiB" is not allowed; allowed is from 64 KiB to 50 MiB, as in 500 KB, 20 MiB or a plain number of bytes`,
		`db.readers: "11" is not allowed; allowed is a whole number from 1 to 10`,
		`display.scale: "5" is not allowed; allowed is a number from 0.7 to 1.3`,
		`"display.them" is not a setting (did you mean display.theme?)`,
		`http.max_conns: "101" is not allowed; allowed is a whole number from 1 to 100`,
		`http.per_host: "31" is not allowed; allowed is a whole number from 1 to 30`,
		`"kitchen_sink" is not a setting`,
		`"sources"` + sources,
		`"sources.family.name"` + sources,
		`store.path is not set here, since that file keeps what is set here: allowed is the configuration file, CALENDARBOT_STORE_PATH or --store`,
		`web.write_token: what is given (not shown here) is not allowed; allowed is empty, or 8 to 512 letters, digits and signs without spaces, or ` + hashAllowed,
	}
	if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, want) {
		t.Errorf("got %s", err)
	}
	if s != before || l.State() != before || len(kept.changes) != 0 {
		t.Errorf("changed to %+v", s)
	}
}

func TestSetIsBounded(t *testing.T) {
	settings := map[string]*string{}
	for i := range 1000 {
		settings["key"+strconv.Itoa(i)] = nil
	}
	_, err := begun(t, Input{}, &memory{}).Set(t.Context(), settings, By{})
	if err == nil || strings.Count(err.Error(), "\n") != maxProblems || !strings.HasSuffix(err.Error(), "and 980 more of the kind") {
		t.Errorf("got %v", err)
	}
}

func TestSetOnAFullDisk(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	before := l.State()
	kept.full(errFull)
	days := "3"
	if s, err := l.Set(t.Context(), map[string]*string{"display.days": &days}, By{}); !errors.Is(err, errFull) || s != before {
		t.Errorf("got %+v, %v", s, err)
	}
	kept.full(nil)
	if s := set(t, l, "display.theme", "dark"); s.Config.Display.Days != 7 || len(kept.runtime) != 1 {
		t.Errorf("got %+v, %v", s.Config.Display, kept.runtime)
	}
}

func TestPendingUntilTheNextStart(t *testing.T) {
	kept := &memory{}
	in := Input{Path: written(t, "store:\n  path: one.db\n"), Env: environment("TZ=UTC")}
	l := begun(t, in, kept)
	for _, c := range [][2]string{{"web.host", "127.0.0.1"}, {"web.port", "1001"}, {"web.socket", ""}, {"device.time_zone", "Asia/Tokyo"}, {"display.days", "3"}} {
		set(t, l, c[0], c[1])
	}
	rewrite(t, in.Path, "store:\n  path: two.db\n")
	s, err := l.Reload(t.Context(), By{})
	if want := []string{"device.time_zone", "web.host", "web.port", "web.socket", "store.path"}; err != nil || !slices.Equal(s.Pending, want) {
		t.Errorf("got %v, %v", s.Pending, err)
	}
	// The value of the start again, by whatever layer.
	if s := set(t, l, "web.port", "8080"); slices.Contains(s.Pending, "web.port") {
		t.Errorf("got %v", s.Pending)
	}
	if s := begun(t, in, kept).State(); s.Pending != nil || s.Config.Store.Path != "two.db" {
		t.Errorf("got %v after a restart", s.Pending)
	}
}

func TestRevisionGrowsWithEveryChange(t *testing.T) {
	l := begun(t, Input{}, &memory{})
	for i := range 5 {
		if s := set(t, l, "display.days", strconv.Itoa(10+i)); s.Revision != uint64(2+i) {
			t.Errorf("got %d", s.Revision)
		}
	}
	// Who says something counts as well as what is said.
	if s := set(t, l, "display.theme", "auto"); s.Revision != 7 || s.Config.Display.Theme != "auto" {
		t.Errorf("got %d", s.Revision)
	}
}

func TestShownChangeHasNoSecrets(t *testing.T) {
	for key, hidden := range map[string]bool{
		"web.pin": true, "web.write_token": true, "alexa.bearer_token": true, "display.font": true, "web.port": false, "sources.family": false,
	} {
		c := Change{ID: 3, Key: key, Layer: Runtime, From: "hunter1", To: "hunter2", Had: true, Has: true}
		want := c
		if hidden {
			want.From, want.To = "***", "***"
		}
		if got := c.Shown(); got != want {
			t.Errorf("got %+v", got)
		}
	}
	if got := (Change{Key: "web.pin"}).Shown(); got.From != "" || got.To != "" {
		t.Errorf("nothing is shown as %+v", got)
	}
}

// TestManyAtOnce changes and reads from many goroutines; each change is there in the end.
func TestManyAtOnce(t *testing.T) {
	kept := &memory{}
	name := written(t, "display:\n  days: 3\n")
	l := begun(t, Input{Path: name}, kept)
	keys := []string{"http.max_conns", "http.per_host", "db.readers", "cache.max_entries", "batch.size", "display.days"}
	var all sync.WaitGroup
	for _, key := range keys {
		all.Go(func() {
			for i := range 5 {
				text := strconv.Itoa(i + 1)
				if _, err := l.Set(t.Context(), map[string]*string{key: &text}, By{Who: key}); err != nil {
					t.Error(err)
				}
				if _, err := l.Reload(t.Context(), By{}); err != nil {
					t.Error(err)
				}
				if s := l.State(); s.Problem != "" {
					t.Error(s.Problem)
				}
			}
		})
	}
	all.Wait()
	s := l.State()
	for _, key := range keys {
		if got := find(t, s.Values, key); got.Text != "5" || got.Layer != Runtime {
			t.Errorf("got %+v", got)
		}
	}
	if len(kept.changes) != 5*len(keys) || s.Revision != uint64(1+5*len(keys)) {
		t.Errorf("%d changes, revision %d", len(kept.changes), s.Revision)
	}
	for key, text := range kept.runtime {
		if fmt.Sprint(text) != "5" {
			t.Errorf("%s is %s", key, text)
		}
	}
}
