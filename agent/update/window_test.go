package update

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		t.Helper()
		m, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return m.In(berlin)
	}
	for _, c := range []struct {
		window, now string
		open        bool
		next        string // "": now
	}{
		{"", "2026-11-22T12:00:00+01:00", true, ""},
		{"02:00-05:00", "2026-11-22T01:59:59+01:00", false, "2026-11-22T02:00:00+01:00"},
		{"02:00-05:00", "2026-11-22T02:00:00+01:00", true, ""},
		{"02:00-05:00", "2026-11-22T04:59:59+01:00", true, ""},
		{"02:00-05:00", "2026-11-22T05:00:00+01:00", false, "2026-11-23T02:00:00+01:00"},
		{"22:30-04:00", "2026-11-22T23:00:00+01:00", true, ""},
		{"22:30-04:00", "2026-11-22T03:59:00+01:00", true, ""},
		{"22:30-04:00", "2026-11-22T04:00:00+01:00", false, "2026-11-22T22:30:00+01:00"},
		{"22:30-04:00", "2026-12-31T12:00:00+01:00", false, "2026-12-31T22:30:00+01:00"},
		// Clocks go from 02:00 to 03:00: what opens at 02:30 opens with the first minute that there is.
		{"02:30-05:00", "2026-03-29T01:59:00+01:00", false, "2026-03-29T03:30:00+02:00"},
		{"02:00-05:00", "2026-03-29T01:59:00+01:00", false, "2026-03-29T03:00:00+02:00"},
		{"02:15-02:45", "2026-03-29T01:59:00+01:00", false, "2026-03-30T02:15:00+02:00"}, // not at all that day
		// Clocks go from 03:00 back to 02:00: an hour is there twice, and so is the window.
		{"02:00-03:00", "2026-10-25T02:30:00+02:00", true, ""},
		{"02:00-03:00", "2026-10-25T02:30:00+01:00", true, ""},
		{"02:00-03:00", "2026-10-25T03:00:00+01:00", false, "2026-10-26T02:00:00+01:00"},
	} {
		w, err := ParseWindow(c.window)
		if err != nil || w.String() != c.window {
			t.Fatalf("%q is read as %q, %v", c.window, w, err)
		}
		next := c.next
		if next == "" {
			next = c.now
		}
		if open, opens := w.Open(at(c.now)), w.Next(at(c.now)); open != c.open || !opens.Equal(at(next)) {
			t.Errorf("%q at %s: open %v, next %s, want %v and %s", c.window, c.now, open, opens, c.open, next)
		}
	}
	for _, wrong := range []string{"2-5", "02:00", "02:00-02:00", "24:00-05:00", "02:60-05:00", "02:00 05:00", "02:00-05:0x"} {
		if w, err := ParseWindow(wrong); err == nil {
			t.Errorf("%q is taken as %q", wrong, w)
		}
	}
}
