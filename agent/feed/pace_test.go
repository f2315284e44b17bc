package feed

import (
	"testing"
	"time"

	"calendarbot/agent/config"
)

func TestPause(t *testing.T) {
	const m, h = time.Minute, time.Hour
	for _, c := range []struct {
		configured, fresh, after, own, want time.Duration
	}{
		{5 * m, 0, 0, 0, 5 * m},
		{5 * m, m, m, m, 5 * m}, // nobody makes it shorter than the operator
		{5 * m, 10 * m, 0, 0, 10 * m},
		{5 * m, 0, 10 * m, 0, 10 * m},
		{5 * m, 0, 0, h, h},
		{5 * m, 20 * m, 30 * m, 10 * m, 30 * m},
		{time.Second, 0, 0, 0, m},
		{0, 0, 0, 0, m},
		{5 * m, 0, 0, 7 * 24 * h, 24 * h},
		{48 * h, 0, 0, 0, 24 * h},
	} {
		if got := pause(c.configured, asks{c.fresh, c.after}, c.own); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestRetry(t *testing.T) {
	const s, m, h = time.Second, time.Minute, time.Hour
	for _, c := range []struct {
		n          int
		configured time.Duration
		server     asks
		jitter     float64
		want       time.Duration
	}{
		{1, 5 * m, asks{}, .5, 30 * s},
		{2, 5 * m, asks{}, .5, m},
		{3, 5 * m, asks{}, .5, 2 * m},
		{4, 5 * m, asks{}, .5, 4 * m},
		{5, 5 * m, asks{}, .5, 5 * m},
		{1000, 5 * m, asks{}, .5, 5 * m},
		{7, 2 * h, asks{}, .5, 30 * m},
		{1 << 40, 2 * h, asks{}, .5, 30 * m},
		{1, 5 * m, asks{}, 0, 24 * s},
		{1, 5 * m, asks{}, 1, 36 * s},
		{50, 2 * h, asks{}, 1, 36 * m},
		{1, 5 * m, asks{after: 10 * m}, .5, 10 * m},
		{1, 5 * m, asks{after: 10 * s}, .5, 30 * s},
		{1, 5 * m, asks{fresh: 24 * h}, .5, 30 * s}, // a cacheable page about a fault
		{1, 5 * m, asks{after: 24 * h}, 1, 24 * h},
		{3, s, asks{}, .5, 30 * s},
	} {
		if got := retry(c.n, c.configured, c.server, c.jitter); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestNextSource(t *testing.T) {
	now := time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	type list = []*source
	made := func(id, host string, due time.Time, tried bool) *source {
		return &source{Source: config.Source{ID: id}, host: host, due: due, tried: tried}
	}
	off := made("off", "a", time.Time{}, false)
	off.Disabled = true
	for name, c := range map[string]struct {
		sources list
		asked   map[string]time.Time
		want    string
		wait    time.Duration
	}{
		"none":                        {nil, nil, "", 0},
		"only one that is off":        {list{off}, nil, "", 0},
		"in their order":              {list{made("1", "a", time.Time{}, false), made("2", "a", time.Time{}, false)}, nil, "1", 0},
		"the first round is at once":  {list{made("1", "a", time.Time{}, false)}, map[string]time.Time{"a": now}, "1", 0},
		"later a host has a gap":      {list{made("1", "a", now, true)}, map[string]time.Time{"a": in(-time.Second)}, "1", time.Second},
		"other hosts go first":        {list{made("1", "a", now, true), made("2", "b", now, true)}, map[string]time.Time{"a": in(-time.Second)}, "2", 0},
		"by a person's word too":      {list{made("1", "a", time.Time{}, true)}, map[string]time.Time{"a": now}, "1", hostGap},
		"the gap is over":             {list{made("1", "a", now, true)}, map[string]time.Time{"a": in(-time.Hour)}, "1", 0},
		"the earliest":                {list{made("1", "a", in(time.Hour), true), made("2", "b", in(time.Minute), true)}, nil, "2", time.Minute},
		"overdue":                     {list{made("1", "a", in(time.Hour), true), made("2", "b", in(-time.Minute), true)}, nil, "2", 0},
		"the clock of the host jumps": {list{made("1", "a", in(time.Minute), true)}, map[string]time.Time{"a": in(-time.Hour)}, "1", time.Minute},
	} {
		got, wait := next(c.sources, c.asked, now)
		id := ""
		if got != nil {
			id = got.ID
		}
		if id != c.want || wait != c.wait {
			t.Errorf("%s: %q in %v, want %q in %v", name, id, wait, c.want, c.wait)
		}
	}
}
