package feed

import (
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// outcome is what one fetch means for the source.
type outcome struct {
	failure  *Failure      // nil: a success
	pause    time.Duration // until the next fetch
	held     time.Duration // for so long the server wants to be left alone, whoever asks
	failures int           // in a row
	empty    int           // fetches in a row without an event where events stand
	own      time.Duration // the pause that the feed asks for
}

// judge is the outcome of an answer without an error, before its events are kept. Only a calendar
// without events where events stand is not believed at once.
func judge(job source, feeds config.Feeds, a answer, draft *store.Draft) outcome {
	out := outcome{own: job.own}
	if !a.unchanged {
		out.own = a.report.Refresh
	}
	out.pause = pause(job.pause(feeds), a.asks, out.own)
	if a.unchanged || draft.Kept() > 0 || draft.Before() == 0 || job.empty+1 >= emptyBelief {
		return out
	}
	out.failure = emptied(job.Source, draft.Before())
	out.empty, out.failures = job.empty+1, job.failures+1
	return out
}

// lost is the outcome of a fetch that failed.
func lost(job source, feeds config.Feeds, a answer, f *Failure, jitter float64) outcome {
	n := job.failures + 1
	pause := retry(n, job.pause(feeds), a.asks, jitter)
	return outcome{failure: f, failures: n, own: job.own, pause: pause, held: kept(a.asks, f, pause)}
}
