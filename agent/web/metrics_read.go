package web

import (
	"strings"

	"calendarbot/agent/conn"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// ofPool reads a number of each pool.
func ofPool(number func(conn.Stats) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		for _, s := range l.pools {
			to.put(number(s), s.Name)
		}
	}
}

// ofCache reads a number of the kept pages.
func ofCache(number func(*page.PipelineStats) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.pipeline != nil {
			to.put(number(l.pipeline))
		}
	}
}

// ofBatch reads a number of the gathering of questions.
func ofBatch(number func(*page.BatchStats) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.batch != nil {
			to.put(number(l.batch))
		}
	}
}

// ofGate reads a number of each feature.
func ofGate(number func(guard.Stats) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		for _, s := range l.gates {
			to.put(number(s), s.Feature, s.Part)
		}
	}
}

// ofBreaker reads a number of each feature that has a breaker.
func ofBreaker(number func(guard.Stats) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		for _, s := range l.gates {
			if s.Breaker != "" {
				to.put(number(s), s.Feature, s.Part)
			}
		}
	}
}

// ofFeed reads a number of each calendar. Calendars go by their id: names and addresses stay at home.
func ofFeed(number func(store.Source) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		for _, s := range l.sources {
			to.put(number(s), s.ID)
		}
	}
}

func readLadder(l *look, to *exposition) {
	if l.ladder == nil {
		return
	}
	to.put(float64(l.ladder.Optimised), page.Optimised.String())
	to.put(float64(l.ladder.Plain), page.Plain.String())
	to.put(float64(l.ladder.LastGood), page.LastGood.String())
	to.put(float64(l.ladder.Foot), page.Foot.String())
}

func readClosed(l *look, to *exposition) {
	for _, s := range l.gates {
		for _, reason := range guard.Reasons() {
			to.put(truth(s.Reason == reason), s.Feature, s.Part, string(reason))
		}
	}
}

func readRefused(l *look, to *exposition) {
	for _, s := range l.gates {
		for _, reason := range guard.Reasons() {
			to.put(float64(s.Refused[reason]), s.Feature, s.Part, string(reason))
		}
	}
}

func readBreaker(l *look, to *exposition) {
	for _, s := range l.gates {
		if s.Breaker == "" {
			continue
		}
		for _, state := range []string{"closed", "half-open", "open"} {
			to.put(truth(s.Breaker == state), s.Feature, s.Part, state)
		}
	}
}

// readEmergency asks the gates, which know of every way to switch everything off.
func readEmergency(l *look, to *exposition) {
	off := false
	for _, s := range l.gates {
		off = off || s.Reason == guard.EmergencyOff
	}
	to.put(truth(off))
}

func readRevision(l *look, to *exposition) {
	if l.state != nil {
		to.put(float64(l.state.Revision))
	}
}

func readProblem(l *look, to *exposition) {
	if l.state != nil {
		to.put(truth(l.state.Problem != ""))
	}
}

func readPending(l *look, to *exposition) {
	if l.state != nil {
		to.put(float64(len(l.state.Pending)))
	}
}

func readChanged(l *look, to *exposition) {
	if !l.changed.IsZero() {
		to.put(float64(l.changed.UnixMilli()) / 1000)
	}
}

func readAge(l *look, to *exposition) {
	for _, s := range l.sources {
		if !s.LastSuccess.IsZero() && s.State != store.Disabled {
			to.put(since(s.LastSuccess, l.now), s.ID)
		}
	}
}

func readFeedState(l *look, to *exposition) {
	for _, s := range l.sources {
		for _, state := range []store.State{store.Waiting, store.OK, store.Failing, store.Disabled} {
			to.put(truth(s.State == state), s.ID, string(state))
		}
	}
}

func readPlain(l *look, to *exposition) {
	for _, s := range l.sources {
		if s.State != store.Disabled {
			to.put(truth(strings.HasPrefix(s.Address, "http://")), s.ID)
		}
	}
}

func readBeat(l *look, to *exposition) {
	if !l.beat.IsZero() {
		to.put(since(l.beat, l.real))
	}
}
