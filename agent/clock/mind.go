package clock

import "time"

// Earliest is before any moment at which the program can run: a time before it was told by a clock that was not set.
func Earliest() time.Time { return time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC) }

// What a person is told.
const (
	unsetWords   = "The clock is not set yet."
	unheardWords = "No time has come from the network yet: the clock may be wrong."
	pastWords    = "The clock may be wrong: the calendars were read at a later time."
)

// sight is what one look finds.
type sight struct {
	now     time.Time     // by the clock
	elapsed time.Duration // by the one that is never set
	up      time.Duration // since the system's start
	keeper  keeper
	given   bool // see Options
}

// keeper is what keeps the system's clock right, as far as is known.
type keeper uint8

const (
	nobody  keeper = iota // nothing is known of any
	waiting               // it runs and has not heard the time since the system's start
	heard                 // it has
)

// mind is what is remembered from look to look.
type mind struct {
	built   time.Time
	looked  bool
	now     time.Time // at the last look
	elapsed time.Duration
	vouched bool // the keeper has heard the time since the last jump
	state   State
}

// judge says how the clock stands. What is decided, the first that fits:
//
//   - It says less than when the program was built: not trusted, whoever vouches for it.
//   - It was synchronised since it jumped last: trusted, and a later moment that was seen before was a mistake.
//   - A later moment was seen, or a keeper runs that has not heard the time: not trusted for Grace from the system's start, then
//     trusted with words. That a keeper starts anew makes no clock wrong that was trusted.
//   - Else trusted: nothing says otherwise.
//
// A jump back to a moment after the program was built is somebody who sets the clock: from then on it is not held against the clock
// what was seen before. Below that it is a clock that was lost, and what was seen is the best that is known.
func (m mind) judge(s sight) mind {
	now := s.now.Round(0) // without its monotonic part, which is about something else
	before, jump := m.state, m.jump(now, s.elapsed)
	state := &m.state
	if jump != 0 {
		state.Jumps, state.Jumped, m.vouched = before.Jumps+1, jump, false
	}
	m.vouched = m.vouched || s.keeper == heard
	lost := now.Before(m.built) && !s.given
	switch {
	case lost:
		m.vouched = false
	case (m.vouched || s.given || jump < 0) && state.Seen.After(now):
		state.Seen = now
	}
	past := now.Before(state.Seen.Add(-Slack))
	unheard := s.keeper == waiting && !m.vouched && !s.given
	held := before.Trusted && jump == 0
	switch {
	case lost, s.up < Grace && (past || unheard && !held):
		state.Trusted, state.Words = false, unsetWords
	case past:
		state.Trusted, state.Words = true, pastWords
	case unheard:
		state.Trusted, state.Words = true, unheardWords
	default:
		state.Trusted, state.Words = true, ""
	}
	if state.Trusted && state.Words == "" && now.After(state.Seen) {
		state.Seen = now
	}
	state.Floor = m.built
	if state.Seen.After(m.built) {
		state.Floor = state.Seen
	}
	if !m.looked || state.Trusted != before.Trusted {
		state.Since = now
	}
	if m.looked && (state.Trusted != before.Trusted || state.Words != before.Words || jump != 0) {
		state.Turns++
	}
	m.looked, m.now, m.elapsed = true, now, s.elapsed
	return m
}

// jump is how far the time moved against the monotonic clock since the last look, 0 for no jump. A clock that stands still is a
// test's.
func (m mind) jump(now time.Time, elapsed time.Duration) time.Duration {
	if !m.looked {
		return 0
	}
	return jump(now.Sub(m.now), elapsed-m.elapsed)
}

// jump is how far the time moved beyond what passed, 0 for no jump.
func jump(moved, passed time.Duration) time.Duration {
	if d := moved - passed; moved != 0 && d.Abs() > Slack {
		return d
	}
	return 0
}
