package store

import (
	"slices"
	"time"

	"calendarbot/agent/clock"
)

// ours tells which times of a source were told by the clock of this run of the program: its last success, its last try with the
// next one, and its first failure.
type ours struct{ success, try, failing bool }

// Moved says that the clock was set, by so much. What was noted by it in this run of the program moves with it, or a calendar that was
// read a minute ago by a clock of 1970 would be as old as that: how sources fare, and what is being done. What was done and is
// over moves only when the clock was not set then, as nobody knows which of two other times was the right one. It is in memory,
// and saved with the next write. What earlier runs have noted stays: how long ago that was is not known.
func (s *Store) Moved(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	for i, src := range next.sources {
		if src.ours == (ours{}) {
			continue
		}
		c := *src
		c.move(by)
		next.sources[i] = &c
	}
	next.ledger.move(by)
	s.picture.Store(next)
}

func (s *source) move(by time.Duration) {
	s.dirty = true
	if s.ours.success {
		s.lastSuccess = moved(s.lastSuccess, by)
	}
	if s.ours.try {
		s.lastTry, s.nextTry = moved(s.lastTry, by), moved(s.nextTry, by)
	}
	if s.ours.failing {
		s.failingSince = moved(s.failingSince, by)
	}
}

func (l *ledger) move(by time.Duration) {
	l.actions = slices.Clone(l.actions)
	for i := range l.actions {
		a := &l.actions[i]
		lasts, unset := a.Ended.IsZero(), a.ID > l.early && a.Began.Before(clock.Earliest())
		if !lasts && !unset {
			continue
		}
		a.Began, a.Ended = moved(a.Began, by), moved(a.Ended, by)
		l.aheadActions = marked(l.aheadActions, a.ID)
	}
}

// moved is another time; none stays none.
func moved(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(by)
}
