package feed

import (
	"net/url"
	"time"

	"calendarbot/agent/config"
)

// source is one feed with what the refresher remembers of it. Times are real ones.
type source struct {
	config.Source
	web      bool
	host     string
	due      time.Time     // zero: at once
	again    bool          // a person asked for it while it was being fetched
	tried    bool          // since the program started or the source was set
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

// next returns the source to fetch first and for how long to wait for it; nil when there is none.
// asked tells when each host was last asked. The first fetch of a source waits for nobody.
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
		if last, ok := asked[s.host]; ok && s.tried {
			w = max(w, last.Add(hostGap).Sub(now))
		}
		if first == nil || w < wait {
			first, wait = s, w
		}
	}
	return first, max(wait, 0)
}
