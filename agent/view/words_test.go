package view

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAmounts(t *testing.T) {
	o := Options{Zone: berlin(t)}
	now := at(t, "14:35:20")
	for _, tt := range []struct{ to, starts, ends string }{
		{"14:35:40", "starts now", "ends now"},
		{"14:36", "starts now", "ends now"},
		{"14:37", "in 2 min", "ends in 2 min"},
		{"15:34", "in 59 min", "ends in 59 min"},
		{"15:35", "in 1 h", "ends in 1 h"},
		{"15:36", "in 1 h 01", "ends in 1 h 01"},
		{"16:45", "in 2 h 10", "ends in 2 h 10"},
		{"2026-10-23 14:34", "in 23 h 59", "ends in 23 h 59"},
		{"2026-10-23 14:35", "Tomorrow 14:35", "until Tomorrow 14:35"},
		{"2026-10-24 08:00", "Sat 08:00", "until Sat 08:00"},
		{"2026-10-28 08:00", "Wed 08:00", "until Wed 08:00"},
		{"2026-10-29 08:00", "Thu 29 Oct 08:00", "until Thu 29 Oct 08:00"},
	} {
		if got := startsIn(now, at(t, tt.to), o).String(); got != tt.starts {
			t.Errorf("starts at %s: %q, want %q", tt.to, got, tt.starts)
		}
		if got := endsIn(now, at(t, tt.to), o).String(); got != tt.ends {
			t.Errorf("ends at %s: %q, want %q", tt.to, got, tt.ends)
		}
	}
}

func TestSpan(t *testing.T) {
	for _, tt := range []struct{ from, to, h24, h12 string }{
		{"14:00", "14:30", "14:00–14:30", "2:00–2:30 PM"},
		{"11:30", "13:00", "11:30–13:00", "11:30 AM–1:00 PM"},
		{"00:15", "12:00", "00:15–12:00", "12:15 AM–12:00 PM"},
		{"22:00", "2026-10-23 02:00", "22:00–02:00", "10:00 PM–2:00 AM"},
		{"08:00", "2026-10-24 17:00", "Thu 08:00–Sat 17:00", "Thu 8:00 AM–Sat 5:00 PM"},
		{"14:00", "14:00", "14:00", "2:00 PM"},
		{"2026-10-25 01:30", "2026-10-25 04:30", "01:30–04:30", "1:30–4:30 AM"},
	} {
		if got := Span(at(t, tt.from), at(t, tt.to), Options{Zone: berlin(t)}); got != tt.h24 {
			t.Errorf("%s-%s: %q", tt.from, tt.to, got)
		}
		if got := Span(at(t, tt.from), at(t, tt.to), Options{Zone: berlin(t), Clock12: true}); got != tt.h12 {
			t.Errorf("%s-%s: %q", tt.from, tt.to, got)
		}
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", 59 * time.Second: "", time.Minute: "1 min", 47 * time.Minute: "47 min", time.Hour: "1 h", 65 * time.Minute: "1 h 05", 130 * time.Minute: "2 h 10",
		24 * time.Hour: "1 day", 27 * time.Hour: "1 day 3 h", 48 * time.Hour: "2 days", 50*time.Hour + 20*time.Minute: "2 days 2 h",
	} {
		if got := Length(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	o := Options{Zone: berlin(t)}
	for text, want := range map[string]string{
		"13:10": "13:10", "2026-10-21 23:59": "Wed 23:59", "2026-10-16 08:00": "Fri 08:00", "2026-10-15 08:00": "15 Oct 08:00", "2025-10-22 08:00": "22 Oct 2025 08:00",
	} {
		if got := moment(at(t, text), at(t, "14:35"), o); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"one two three four", 13, "one two…"},
		{"one two three four", 14, "one two three…"},
		{"Donaudampfschifffahrt", 10, "Donaudamp…"},
		{"a Donaudampfschifffahrt", 10, "a Donauda…"},
		{"四半期の事業計画に関する", 6, "四半期の事…"},
		{"one, two", 5, "one…"},
		{"abc👩‍👩‍👧def", 6, "abc…"},
		{"ée\u0301é", 2, "é…"},
		{"", 3, ""},
	} {
		if got := Clip(tt.text, tt.n); got != tt.want {
			t.Errorf("%q to %d: %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add("one two three", 5)
	f.Add("👩‍👩‍👧\xff", 1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = max(1, min(n, 300))
		got := Clip(text, n)
		if count := utf8.RuneCountInString(got); count > max(n, 1) {
			t.Errorf("%q to %d has %d letters: %q", text, n, count, got)
		}
		if body := strings.TrimSuffix(got, "…"); !strings.HasPrefix(text, body) {
			t.Errorf("%q to %d is %q", text, n, got)
		}
	})
}

func TestPlace(t *testing.T) {
	for _, tt := range []struct{ location, join, want string }{
		{"", "", ""},
		{"Room 3B", "", "Room 3B"},
		{"Room 3B, Building 7, Main Street 5", "", "Room 3B"},
		{"Room 3B (12 seats)", "", "Room 3B"},
		{"Microsoft Teams Meeting", "", "Teams"},
		{"Microsoft Teams-Besprechung", "https://teams.microsoft.com/l/meetup-join/19", "Teams"},
		{"", "https://teams.microsoft.com/l/meetup-join/19", "Teams"},
		{"Room 3B; Microsoft Teams Meeting", "https://teams.microsoft.com/l/meetup-join/19", "Room 3B · Teams"},
		{"https://us02web.zoom.us/j/123?pwd=x", "", "Zoom"},
		{"https://meet.google.com/abc-defg-hij", "", "Meet"},
		{"https://www.example.org/room?x=1,2", "", "example.org"},
		{"https://evilzoom.us.example/j", "", "evilzoom.us.example"},
		{"Zoom Room 4", "", "Zoom Room 4"},
		{"Zoomarkt", "", "Zoomarkt"},
		{"zoom", "", "Zoom"},
		{"12, High Street, Ulm", "", "12 High Street"},
		{"Hauptstr. 5\n10115 Berlin", "", "Hauptstr. 5"},
		{"  \n ; ,", "", ""},
		{"A very long name of a place that nobody can read from afar", "", "A very long name of a place…"},
		{"", "not an address", ""},
		{"https://%zz", "", "https://%zz"},
	} {
		if got := Place(tt.location, tt.join); got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.location, tt.join, got, tt.want)
		}
	}
}

func TestReadable(t *testing.T) {
	for _, background := range []string{"#0f1317", "#faf9f6", "#ffffff", "#000000", "#808080"} {
		for _, color := range []string{"#1f6feb", "#f4d35e", "#000000", "#ffffff", "#ff0000", "#0000ff", "#808080", "", "red", "#12345", "#gggggg"} {
			for _, contrast := range []float64{MarkContrast, TextContrast} {
				got := Readable(color, background, contrast)
				if c := Contrast(got, background); c < contrast {
					t.Errorf("%s on %s: %s has %.2f, want %.1f", color, background, got, c, contrast)
				}
			}
		}
	}
	if got := Readable("#1f6feb", "#ffffff", MarkContrast); got != "#1f6feb" {
		t.Errorf("a colour that can be seen was changed to %s", got)
	}
	if got := Contrast("#000000", "#ffffff"); got < 20.99 || got > 21.01 {
		t.Errorf("black on white: %v", got)
	}
}
