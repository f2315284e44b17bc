package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestNote(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	set(t, l, "display.days", "3") // 1
	before := l.State()
	by := By{"Ada", "a test"}
	for _, n := range [][3]string{
		{"sources.work", "", "Work,\nhttps://ada:secret@a.example/private/key.ics " + strings.Repeat("ü", 300)},
		{EmergencyFile, "", There},
		{EmergencyFile, There, ""},
	} {
		if err := l.Note(t.Context(), n[0], n[1], n[2], by); err != nil {
			t.Fatal(err)
		}
	}
	first := "Work, https://a.example/… "
	first += strings.Repeat("ü", 200-len([]rune(first)))
	want := []Change{
		{ID: 2, At: someday(), By: by, Key: "sources.work", Layer: Runtime, To: first, Has: true},
		{ID: 3, At: someday(), By: by, Key: EmergencyFile, Layer: File, To: There, Has: true},
		{ID: 4, At: someday(), By: by, Key: EmergencyFile, Layer: File, From: There, Had: true},
	}
	if !reflect.DeepEqual(kept.changes[1:], want) || want[0].Shown() != want[0] || want[1].Shown() != want[1] {
		t.Errorf("got %+v", kept.changes[1:])
	}
	if l.State() != before || kept.runtime["display.days"] != "3" {
		t.Error("a note changed what holds")
	}
	for id, want := range map[int64]string{
		2: "change 2 is of a calendar: allowed is to change it on the page of calendars, or through /api/v1/sources",
		3: "change 3 is of the emergency file: allowed is to make or remove that file",
		4: "change 4 is of the emergency file: allowed is to make or remove that file",
	} {
		if _, err := l.Undo(t.Context(), id, by); err == nil || err.Error() != want {
			t.Errorf("%d: got %v", id, err)
		}
	}
	if s := undo(t, l, 0); s.Config.Display.Days != 7 {
		t.Errorf("the newest that can be taken back: got %d", s.Config.Display.Days)
	}
}

func TestNoteOnAFullDiskIsWrittenLater(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	kept.full(errFull)
	if err := l.Note(t.Context(), "sources.a", "", "added", By{}); !errors.Is(err, ErrNotKept) || !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	kept.full(nil)
	set(t, l, "display.days", "3")
	if len(kept.changes) != 2 || kept.changes[0].Key != "sources.a" {
		t.Errorf("got %+v", kept.changes)
	}
}
