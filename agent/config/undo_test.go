package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func undo(t *testing.T, l *Live, id int64) *State {
	t.Helper()
	s, err := l.Undo(t.Context(), id, By{"Bob", "a mistake"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUndoTakesTheNewestBackAgainAndAgain(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	set(t, l, "display.days", "3")     // 1
	set(t, l, "display.days", "4")     // 2
	set(t, l, "display.theme", "dark") // 3
	if s := undo(t, l, 0); s.Config.Display.Theme != "auto" || s.Revision != 5 {
		t.Errorf("got %+v", s.Config.Display)
	}
	if s := undo(t, l, 0); s.Config.Display.Days != 3 {
		t.Errorf("got %+v", s.Config.Display)
	}
	if s := undo(t, l, 0); s.Config.Display.Days != 7 || len(kept.runtime) != 0 {
		t.Errorf("got %+v", s.Config.Display)
	}
	want := []Change{
		{ID: 4, At: someday(), By: By{"Bob", "a mistake"}, Key: "display.theme", Layer: Runtime, From: "dark", Had: true, Undoes: 3},
		{ID: 5, At: someday(), By: By{"Bob", "a mistake"}, Key: "display.days", Layer: Runtime, From: "4", To: "3", Had: true, Has: true, Undoes: 2},
		{ID: 6, At: someday(), By: By{"Bob", "a mistake"}, Key: "display.days", Layer: Runtime, From: "3", Had: true, Undoes: 1},
	}
	if !reflect.DeepEqual(kept.changes[3:], want) {
		t.Errorf("got %+v", kept.changes[3:])
	}
	before := l.State()
	if s, err := l.Undo(t.Context(), 0, By{}); err == nil || err.Error() != "there is no change left to take back" || s != before {
		t.Errorf("got %v", err)
	}
}

func TestUndoOfAnUndo(t *testing.T) {
	l := begun(t, Input{}, &memory{})
	set(t, l, "display.days", "3") // 1
	set(t, l, "display.days", "4") // 2
	undo(t, l, 2)                  // 3: 3 again
	if s := undo(t, l, 3); s.Config.Display.Days != 4 {
		t.Errorf("got %d", s.Config.Display.Days)
	}
	if _, err := l.Undo(t.Context(), 1, By{}); err == nil || !strings.Contains(err.Error(), "is hidden by change 2") {
		t.Errorf("got %v", err)
	}
	if s := undo(t, l, 0); s.Config.Display.Days != 3 { // 5, of 2 once more
		t.Errorf("got %d", s.Config.Display.Days)
	}
	if s := undo(t, l, 1); s.Config.Display.Days != 7 { // 6
		t.Errorf("got %d", s.Config.Display.Days)
	}
	if _, err := l.Undo(t.Context(), 5, By{}); err == nil || err.Error() != "change 5 of display.days is hidden by change 6: allowed is to take that one back first" {
		t.Errorf("got %v", err)
	}
}

func TestUndoRefuses(t *testing.T) {
	name := written(t, "display:\n  days: 3\n")
	kept := &memory{}
	l := begun(t, Input{Path: name}, kept)
	rewrite(t, name, "display:\n  days: 4\n")
	if _, err := l.Reload(t.Context(), By{}); err != nil { // 1
		t.Fatal(err)
	}
	set(t, l, "display.days", "5")     // 2
	set(t, l, "display.theme", "dark") // 3
	set(t, l, "display.days", "6")     // 4
	undo(t, l, 3)                      // 5
	before := l.State()
	for id, want := range map[int64]string{
		1:  "change 1 was made in the configuration file: allowed is to take it back there",
		2:  "change 2 of display.days is hidden by change 4: allowed is to take that one back first",
		3:  "change 3 was already taken back, by change 5",
		99: "there is no change 99, or it is too old to be known",
		-1: "there is no change -1, or it is too old to be known",
	} {
		if s, err := l.Undo(t.Context(), id, By{}); err == nil || err.Error() != want || s != before {
			t.Errorf("%d: got %v", id, err)
		}
	}
	if len(kept.changes) != 5 {
		t.Errorf("recorded %+v", kept.changes[5:])
	}
	// A change of another key in between hides nothing.
	if s := undo(t, l, 4); s.Config.Display.Days != 5 {
		t.Errorf("got %+v", s.Config.Display)
	}
}

// TestUndoOfWhatIsAllowedNoMore gives a log of an earlier version.
func TestUndoOfWhatIsAllowedNoMore(t *testing.T) {
	kept := &memory{
		runtime: map[string]string{"cache.max_bytes": "16 MiB", "display.gallery": "on"},
		changes: []Change{
			{ID: 1, Key: "cache.max_bytes", Layer: Runtime, From: "60 MiB", To: "16 MiB", Had: true, Has: true},
			{ID: 2, Key: "display.gallery", Layer: Runtime, To: "on", Has: true},
		},
	}
	l := begun(t, Input{}, kept)
	if _, err := l.Undo(t.Context(), 1, By{}); err == nil || !strings.HasPrefix(err.Error(), `take change 1 back: cache.max_bytes: "60 MiB" is not allowed; allowed is from 64 KiB to 50 MiB`) {
		t.Errorf("got %v", err)
	}
	if s := undo(t, l, 2); s.Problem != "" || len(kept.runtime) != 1 {
		t.Errorf("got %s, %v", s.Problem, kept.runtime)
	}
}

func TestUndoOnAFullDisk(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	set(t, l, "display.days", "3")
	kept.full(errFull)
	if s, err := l.Undo(t.Context(), 0, By{}); !errors.Is(err, errFull) || s.Config.Display.Days != 3 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestUndoOfASecret(t *testing.T) {
	l := begun(t, Input{}, &memory{})
	set(t, l, "web.pin", "1234")
	set(t, l, "web.pin", hash)
	if s := undo(t, l, 0); s.Config.Web.PIN.Reveal() != "1234" {
		t.Error("the PIN before is not back")
	}
}
