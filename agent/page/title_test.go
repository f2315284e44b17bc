package page

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"calendarbot/agent/config"
)

func TestFitTitle(t *testing.T) {
	for _, tt := range []struct{ title, short, class string }{
		{"Call", "Call", "t1"},
		{"Design review", "Design review", "t1"},
		{"Appointment number 23", "Appointment number 23", "t2"},
		{"Plumber comes for the bathroom", "Plumber comes for the bathroom", "t3"},
		{long, "Quarterly planning workshop of the platform, data and…", "t4"},
		{"Donaudampfschifffahrt", "Donaudampfschifffahrt", "t3"},
		{"四半期の事業計画", "四半期の事業計画", "t1"},
		{"", "", "t1"},
	} {
		if short, class := fitTitle(tt.title); short != tt.short || class != tt.class {
			t.Errorf("%q: %q, %s; want %q, %s", tt.title, short, class, tt.short, tt.class)
		}
	}
	for text, want := range map[string]string{"12 min": "a1", "23 h 59": "a1", "Sun 09:00": "a2", "Tomorrow 09:00": "a3", "Fri 30 Oct 10:30 PM": "a4"} {
		if got := fitAmount(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzFitTitle(f *testing.F) {
	f.Add(long)
	f.Add("👩‍👩‍👧\xff四半期")
	f.Add(strings.Repeat("W", 300))
	f.Fuzz(func(t *testing.T, title string) {
		short, class := fitTitle(title)
		sizes := titleSizes()
		if units(short) > sizes[3].whole || !slices.Contains([]string{"t1", "t2", "t3", "t4"}, class) {
			t.Errorf("%q: %q of %d units, %s", title, short, units(short), class)
		}
		if utf8.ValidString(title) && !utf8.ValidString(short) {
			t.Errorf("%q: a letter is cut: %q", title, short)
		}
	})
}

func TestLocalAddresses(t *testing.T) {
	for _, tt := range []struct {
		host string
		port int
		want string
	}{{"127.0.0.1", 8080, "http://127.0.0.1:8080/"}, {"192.168.1.5", 80, "http://192.168.1.5/"}, {"fd00::5", 8080, "http://[fd00::5]:8080/"}, {"fd00::5", 80, "http://[fd00::5]/"}} {
		if got := LocalAddresses(config.Web{Host: tt.host, Port: tt.port}); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s, %d: %q", tt.host, tt.port, got)
		}
	}
	for _, a := range LocalAddresses(config.Web{Host: "0.0.0.0", Port: 8080}) {
		if !strings.HasPrefix(a, "http://") || !strings.HasSuffix(a, ":8080/") || strings.Contains(a, "127.0.0.1") {
			t.Errorf("address %q", a)
		}
	}
}

func TestQRCode(t *testing.T) {
	code := qrOf("http://192.168.178.42:8080/")
	if code == nil || code.Box != "0 0 37 37" || !strings.HasPrefix(code.Path, "M4 4h7v1h-7z") {
		t.Error("not the code of 29 modules with a quiet zone of four")
	}
	if qrOf(strings.Repeat("x", 10_000)) != nil {
		t.Error("a text too long for a QR code has one")
	}
}
