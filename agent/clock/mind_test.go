package clock

import (
	"testing"
	"time"
)

// look is one look of a story: the wall clock and the steady one move, and something is found.
type look struct {
	wall, steady time.Duration // since the look before
	keeper       keeper
	seen         time.Duration // 0: nothing; else Raise with that much from the story's start
	trusted      bool
	words        string
	jumps        uint64
}

func start() time.Time { return time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC) }

const year = 365 * 24 * time.Hour

func TestClockIsJudged(t *testing.T) {
	const s, m, h = time.Second, time.Minute, time.Hour
	for name, tt := range map[string]struct {
		built time.Time
		up    time.Duration // of the system, at the first look
		given bool
		looks []look
	}{
		"a desktop: nobody says otherwise": {looks: []look{{trusted: true}, {wall: 30 * s, steady: 30 * s, trusted: true}}},
		"weeks behind until the time is heard": {up: 10 * s, looks: []look{
			{keeper: waiting, words: unsetWords}, {wall: 2 * s, steady: 2 * s, keeper: waiting, words: unsetWords},
			{wall: 500 * h, steady: 2 * s, keeper: heard, trusted: true, jumps: 1},
		}},
		"the time is heard and was nearly right": {up: 10 * s, looks: []look{{keeper: waiting, words: unsetWords}, {wall: 4 * s, steady: 2 * s, keeper: heard, trusted: true}}},
		"a home that lets no time through": {up: 10 * s, looks: []look{
			{keeper: waiting, words: unsetWords}, {wall: 169 * s, steady: 169 * s, keeper: waiting, words: unsetWords},
			{wall: s, steady: s, keeper: waiting, trusted: true, words: unheardWords}, {wall: h, steady: h, keeper: waiting, trusted: true, words: unheardWords},
			{wall: h, steady: h, keeper: heard, trusted: true},
		}},
		"the program starts late in such a home": {up: h, looks: []look{{keeper: waiting, trusted: true, words: unheardWords}}},
		"the keeper starts anew": {up: 10 * s, looks: []look{
			{keeper: heard, trusted: true}, {wall: 2 * s, steady: 2 * s, keeper: waiting, trusted: true},
		}},
		"a keeper is started later":                     {up: 10 * s, looks: []look{{trusted: true}, {wall: 30 * s, steady: 30 * s, keeper: waiting, trusted: true, words: unheardWords}}},
		"before the program was built, whoever vouches": {built: start().Add(24 * h), up: h, looks: []look{{keeper: heard, words: unsetWords}}},
		"1970":                  {up: h, looks: []look{{wall: -56 * year, words: unsetWords}, {wall: s, steady: s, words: unsetWords}, {wall: 56 * year, steady: s, trusted: true, jumps: 1}}},
		"1970, given by a test": {given: true, looks: []look{{wall: -56 * year, keeper: waiting, trusted: true}}},
		"behind what was read before": {up: 10 * s, looks: []look{
			{trusted: true}, {wall: s, steady: s, seen: 30 * 24 * h, words: unsetWords}, {wall: 3 * m, steady: 3 * m, trusted: true, words: pastWords},
			{wall: 31 * 24 * h, steady: 30 * s, trusted: true, jumps: 1},
		}},
		"a little behind what was read before": {up: 10 * s, looks: []look{{trusted: true}, {seen: Slack, trusted: true}, {seen: Slack + 1, words: unsetWords}}},
		"what was read before was a mistake": {up: 10 * s, looks: []look{
			{keeper: heard, trusted: true}, {seen: 5 * year, keeper: heard, trusted: true}, {wall: s, steady: s, keeper: nobody, trusted: true},
		}},
		"years ahead and back by a person": {up: h, looks: []look{
			{trusted: true}, {wall: 5 * year, steady: 30 * s, trusted: true, jumps: 1}, {wall: -5 * year, steady: 30 * s, trusted: true, jumps: 2},
		}},
		"years back, below what can be, and ahead": {up: h, looks: []look{
			{keeper: heard, trusted: true}, {wall: -5 * year, steady: 30 * s, keeper: heard, words: unsetWords, jumps: 1}, {wall: 5 * year, steady: 30 * s, keeper: heard, trusted: true, jumps: 2},
		}},
		"an hour ahead":    {up: h, looks: []look{{trusted: true}, {wall: h + 30*s, steady: 30 * s, trusted: true, jumps: 1}}},
		"an hour back":     {up: h, looks: []look{{trusted: true}, {wall: 30*s - h, steady: 30 * s, trusted: true, jumps: 1}}},
		"the device slept": {up: h, looks: []look{{trusted: true}, {wall: 8 * h, steady: 30 * s, trusted: true, jumps: 1}}},
		"no jump": {up: h, looks: []look{{trusted: true}, {wall: 30*s + Slack, steady: 30 * s, trusted: true}, {wall: 30*s - Slack + 1, steady: 30 * s, trusted: true},
			{wall: 90 * 24 * h, steady: 90 * 24 * h, trusted: true}}},
		"a clock that stands still": {up: h, looks: []look{{trusted: true}, {steady: h, trusted: true}, {steady: 24 * h, trusted: true}}},
		"set by hand while the keeper has heard nothing": {up: h, looks: []look{
			{keeper: waiting, trusted: true, words: unheardWords}, {wall: 24 * h, steady: s, keeper: waiting, trusted: true, words: unheardWords, jumps: 1},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := mind{built: Earliest()}
			if !tt.built.IsZero() {
				m.built = tt.built
			}
			now, elapsed, turns, last := start(), time.Duration(0), uint64(0), State{}
			for i, l := range tt.looks {
				now, elapsed = now.Add(l.wall), elapsed+l.steady
				if l.seen != 0 {
					m.state.Seen = start().Add(l.seen)
				}
				m = m.judge(sight{now: now, elapsed: elapsed, up: tt.up + elapsed, keeper: l.keeper, given: tt.given})
				got := m.state
				if got.Trusted != l.trusted || got.Words != l.words || got.Jumps != l.jumps {
					t.Fatalf("look %d: %+v, want %+v", i, got, l)
				}
				if changed := i > 0 && (got.Trusted != last.Trusted || got.Words != last.Words || got.Jumps != last.Jumps); changed {
					turns++
				}
				if got.Turns != turns {
					t.Fatalf("look %d: %d turns, want %d", i, got.Turns, turns)
				}
				if got.Floor.Before(m.built) || got.Floor.Before(got.Seen) {
					t.Fatalf("look %d: floor %v, built %v, seen %v", i, got.Floor, m.built, got.Seen)
				}
				if got.Trusted && got.Words == "" && (got.Seen.Before(now) || got.Seen.After(now.Add(Slack))) {
					t.Fatalf("look %d: seen %v at %v", i, got.Seen, now)
				}
				since := last.Since
				if i == 0 || got.Trusted != last.Trusted {
					since = now
				}
				if !got.Since.Equal(since) {
					t.Fatalf("look %d: since %v, want %v", i, got.Since, since)
				}
				last = got
			}
		})
	}
}

// What was lived through last is known while the clock is lost.
func TestLostClockKeepsWhatWasSeen(t *testing.T) {
	m := mind{built: Earliest()}
	m = m.judge(sight{now: start(), up: time.Hour, keeper: heard})
	m = m.judge(sight{now: start().Add(-5 * year), elapsed: time.Second, up: time.Hour, keeper: heard})
	if m.state.Trusted || !m.state.Seen.Equal(start()) || !m.state.Floor.Equal(start()) || m.state.Jumped != -5*year-time.Second {
		t.Errorf("%+v", m.state)
	}
	// When somebody sets it back, that is the time from then on.
	m = mind{built: Earliest()}.judge(sight{now: start().Add(year), up: time.Hour})
	m = m.judge(sight{now: start(), elapsed: time.Second, up: time.Hour})
	if !m.state.Trusted || m.state.Words != "" || !m.state.Seen.Equal(start()) {
		t.Errorf("%+v", m.state)
	}
}
