package feed

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/store"
)

// validatorsOf returns what the server gave for the next conditional request (RFC 9110 section 8.8).
func validatorsOf(h http.Header) store.Validators {
	v := store.Validators{ETag: h.Get("ETag"), LastModified: h.Get("Last-Modified")}
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	if len(v.LastModified) > maxValidator {
		v.LastModified = ""
	}
	return v
}

// dateOf returns the server's clock; zero when it is not told.
func dateOf(h http.Header) time.Time {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return date
}

// asks is what a server says about when to come back, each from 0 to maxPause.
type asks struct {
	fresh time.Duration // for how long the answer counts as fresh (RFC 9111 section 4.2)
	after time.Duration // Retry-After (RFC 9110 section 10.2.3)
}

// asksOf reads them. now stands in for the server's clock where it doesn't tell it; zero: the time is not known, and a date
// says nothing.
func asksOf(h http.Header, now time.Time) asks {
	if date := dateOf(h); !date.IsZero() {
		now = date
	}
	bounded := func(d time.Duration) time.Duration { return min(max(d, 0), maxPause) }
	return asks{fresh: bounded(freshness(h, now)), after: bounded(retryAfter(h, now))}
}

func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if n, ok := seconds(text); ok {
		return n
	}
	at, err := http.ParseTime(text)
	if err != nil || now.IsZero() {
		return 0
	}
	return at.Sub(now)
}

// freshness is for how long the answer counts as fresh; 0 when it must be asked for each time.
func freshness(h http.Header, now time.Time) time.Duration {
	age, told := time.Duration(0), false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			if n, ok := seconds(strings.Trim(value, `" `)); ok {
				age, told = n, true
			}
		}
	}
	if told {
		if past, ok := seconds(h.Get("Age")); ok {
			age -= past
		}
		return age
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil || now.IsZero() {
		return 0 // "0" and the like: expired already
	}
	return expires.Sub(now)
}

// seconds reads a count of seconds; one too large to be meant is maxPause.
func seconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > int64(maxPause/time.Second) {
		return maxPause, true
	}
	return time.Duration(n) * time.Second, true
}
