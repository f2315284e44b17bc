package feed

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// headerOf makes a header of "Name: value" lines.
func headerOf(lines string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}

func TestAsks(t *testing.T) {
	now := time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header       string
		fresh, after time.Duration
	}{
		{"", 0, 0},
		{"Cache-Control: max-age=600", 10 * time.Minute, 0},
		{"Cache-Control: public, Max-Age=600, must-revalidate", 10 * time.Minute, 0},
		{`Cache-Control: max-age="600"`, 10 * time.Minute, 0},
		{"Cache-Control: public\nCache-Control: max-age=600", 10 * time.Minute, 0},
		{"Cache-Control: s-maxage=600", 0, 0},
		{"Cache-Control: no-cache, max-age=600", 0, 0},
		{"Cache-Control: no-store\nExpires: Mon, 15 Jun 2026 10:00:00 GMT", 0, 0},
		{"Cache-Control: max-age=600\nAge: 500", 100 * time.Second, 0},
		{"Cache-Control: max-age=600\nAge: 700", 0, 0},
		{"Cache-Control: max-age=-5", 0, 0},
		{"Cache-Control: max-age=ten", 0, 0},
		{"Cache-Control: max-age=", 0, 0},
		{"Cache-Control: max-age=99999999999999999999999", maxPause, 0},
		{"Cache-Control: max-age=31536000", maxPause, 0},
		{"Expires: Mon, 15 Jun 2026 10:00:00 GMT", time.Hour, 0},
		{"Expires: Mon, 15 Jun 2026 10:00:00 GMT\nDate: Mon, 15 Jun 2026 09:59:00 GMT", time.Minute, 0},
		{"Expires: 0", 0, 0},
		{"Expires: Thu, 01 Jan 1970 00:00:00 GMT", 0, 0},
		{"Cache-Control: max-age=60\nExpires: Mon, 15 Jun 2026 10:00:00 GMT", time.Minute, 0},
		{"Retry-After: 120", 0, 2 * time.Minute},
		{"Retry-After: Mon, 15 Jun 2026 09:30:00 GMT", 0, 30 * time.Minute},
		{"Retry-After: Mon, 15 Jun 2026 09:30:00 GMT\nDate: Mon, 15 Jun 2026 09:29:00 GMT", 0, time.Minute},
		{"Retry-After: Sun, 14 Jun 2026 09:30:00 GMT", 0, 0},
		{"Retry-After: 1e9", 0, 0},
		{"Retry-After: soon", 0, 0},
		{"Retry-After: 100000000", 0, maxPause},
	} {
		if got := asksOf(headerOf(c.header), now); got != (asks{c.fresh, c.after}) {
			t.Errorf("%q: %+v, want %v and %v", c.header, got, c.fresh, c.after)
		}
	}
}

func TestValidatorsAreBounded(t *testing.T) {
	v := validatorsOf(headerOf("ETag: W/\"abc\"\nLast-Modified: Mon, 15 Jun 2026 10:00:00 GMT"))
	if v.ETag != `W/"abc"` || v.LastModified != "Mon, 15 Jun 2026 10:00:00 GMT" {
		t.Errorf("got %+v", v)
	}
	long := strings.Repeat("x", maxValidator+1)
	if v := validatorsOf(headerOf("ETag: " + long + "\nLast-Modified: " + long)); v.ETag != "" || v.LastModified != "" {
		t.Errorf("kept validators of %d and %d bytes", len(v.ETag), len(v.LastModified))
	}
}

func FuzzAsks(f *testing.F) {
	f.Add("max-age=600", "0", "120", "7", "Mon, 15 Jun 2026 10:00:00 GMT")
	f.Add(`private, max-age="9223372036854775807"`, "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "-1", "")
	f.Fuzz(func(t *testing.T, cache, expires, after, age, date string) {
		h := http.Header{"Cache-Control": {cache}, "Expires": {expires}, "Retry-After": {after}, "Age": {age}, "Date": {date}}
		got := asksOf(h, time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC))
		if got.fresh < 0 || got.fresh > maxPause || got.after < 0 || got.after > maxPause {
			t.Errorf("%v: %+v", h, got)
		}
	})
}
