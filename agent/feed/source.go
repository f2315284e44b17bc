package feed

import (
	"net/url"
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// source is one feed with what the refresher remembers of it. Times are real ones.
type source struct {
	config.Source
	web      bool
	host     string
	due      time.Time     // zero: at once
	base     time.Duration // due is the last try and this, times the pace; 0: due is no pause's end
	fetched  bool          // since the source was set, by this program
	again    bool          // a person asked for it while it was being fetched
	tried    bool          // since the source was set, or before the program started
	crowded  bool          // its host has many sources
	last     time.Time     // the last try; zero: not known of any
	held     time.Time     // until then its server wants to be left alone, whoever asks
	failures int           // in a row
	empty    int           // fetches in a row without an event where events stand
	own      time.Duration // the pause that the feed asks for
}

func newSource(src config.Source, web bool) *source {
	s := &source{Source: src, web: web}
	if u, err := url.Parse(src.URL.Reveal()); err == nil {
		s.host = u.Host
	}
	return s
}

// sameFeed tells whether a server would answer both alike.
func sameFeed(a, b config.Source) bool {
	if a.URL != b.URL || a.Username != b.Username || a.Password != b.Password || a.Bearer != b.Bearer || a.LAN != b.LAN || len(a.Headers) != len(b.Headers) {
		return false
	}
	for name, value := range a.Headers {
		if other, ok := b.Headers[name]; !ok || other != value {
			return false
		}
	}
	return true
}

// pause is the configured pause between two fetches of the source.
func (s *source) pause(feeds config.Feeds) time.Duration {
	if s.Refresh > 0 {
		return s.Refresh
	}
	return feeds.Refresh
}

// hurry makes the source due as soon as a person's word can: some time after the last try, and not
// while its server wants to be left alone. It never makes it due later.
func (s *source) hurry() {
	soonest := s.held
	if !s.last.IsZero() {
		soonest = later(soonest, s.last.Add(patience(s.failures)))
	}
	s.advance(soonest)
}

// retime makes the source due because the time is another than was thought: at once, but that its server has its peace, and that a
// clock that jumps again and again makes us no worse than the shortest pause.
func (s *source) retime() {
	soonest := s.held
	if s.fetched {
		soonest = later(soonest, s.last.Add(minPause))
	}
	s.advance(soonest)
}

// advance makes the source due earlier; whatever the pace, it stays so.
func (s *source) advance(to time.Time) {
	if to.Before(s.due) {
		s.due, s.base = to, 0
	}
}

// plan makes the source due a pause after its last try.
func (s *source) plan(pause time.Duration, pace float64) {
	s.base, s.due = pause, s.last.Add(paced(pause, pace))
}

// repace makes the source keep to another pace, if it waits for the end of a pause. What its server asks for holds anyway.
func (s *source) repace(pace float64) {
	if s.base > 0 {
		s.plan(s.base, pace)
	}
}

// byCertificate tells whether the source is fetched from a server whose certificate is judged by the time.
func (s *source) byCertificate() bool {
	u, err := url.Parse(s.URL.Reveal())
	return err == nil && u.Scheme != "http"
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// resume gives the source of a program that starts the pause that it was in when the program ended:
// k is what the store knows of it, clock the program's clock at the real time now. Without good
// events, or when the clock makes no sense of it, the source stays due at once; so it does when
// its last try failed, unless it was the server that asked for the pause.
func (s *source) resume(k store.Source, feeds config.Feeds, clock, now time.Time) {
	left := k.NextTry.Sub(clock)
	switch {
	case k.Events == 0, k.LastSuccess.IsZero(), k.LastTry.IsZero(), k.LastTry.After(clock):
		return
	case left <= 0, left > maxPause:
		return
	case k.State == store.Failing && !keptAway(k, s.pause(feeds)):
		return
	}
	s.tried, s.due, s.last = true, now.Add(left), now.Add(k.LastTry.Sub(clock))
	s.base = s.due.Sub(s.last)
	if k.State == store.Failing {
		s.held = s.due
	}
}

// keptAway tells whether a failing source's pause is its server's word: the server said so, or the
// pause is longer than any of ours.
func keptAway(k store.Source, configured time.Duration) bool {
	return k.Code == tooOften || strings.HasPrefix(k.Code, "http_") && k.NextTry.Sub(k.LastTry) > longestRetry(configured)
}

// crowded marks the sources whose host has many.
func crowded(sources []*source) {
	n := make(map[string]int)
	for _, s := range sources {
		if !s.Disabled {
			n[s.host]++
		}
	}
	for _, s := range sources {
		s.crowded = n[s.host] > crowd
	}
}

// next returns the source to fetch first and for how long to wait for it; nil when there is none.
// asked tells when each host was last asked. The first fetch of a source
// waits for nobody, unless its host has many sources.
func next(sources []*source, asked map[string]time.Time, now time.Time) (*source, time.Duration) {
	var first *source
	var wait time.Duration
	for _, s := range sources {
		if s.Disabled {
			continue
		}
		var w time.Duration
		if !s.due.IsZero() {
			w = s.due.Sub(now)
		}
		if last, ok := asked[s.host]; ok && (s.tried || s.crowded) {
			w = max(w, last.Add(hostGap).Sub(now))
		}
		if first == nil || w < wait {
			first, wait = s, w
		}
	}
	return first, max(wait, 0)
}
