package feed

import "time"

const (
	minPause    = time.Minute      // between two fetches of one source
	maxPause    = 24 * time.Hour   // nobody can make us stay away for longer
	firstRetry  = 30 * time.Second // after the first failure, doubling with each further one
	maxRetry    = 30 * time.Minute
	hostGap     = 2 * time.Second // between two requests to one host, but in the first round
	askGap      = 5 * time.Second // between two fetches of one source by a person's word
	maxAskGap   = 30 * time.Second
	crowd       = 4 // with more sources than this a host has its gap in the first round too
	emptyBelief = 3 // after so many fetches in a row a calendar really has become empty
)

// pause is the time from a success to the next fetch: the longest of what the operator, the
// server and the feed itself ask for, from minPause to maxPause.
func pause(configured time.Duration, server asks, own time.Duration) time.Duration {
	return min(max(configured, server.fresh, server.after, own, minPause), maxPause)
}

// retry is the time from the n-th failure in a row (from 1) to the next fetch: it doubles up to
// maxRetry or, where that is shorter, the configured pause, is spread by up to a fifth either way
// (jitter is from 0 to 1), and is never shorter than the server asks for. That the answer of a
// failure counts as fresh keeps nobody away.
func retry(n int, configured time.Duration, server asks, jitter float64) time.Duration {
	ceiling := max(min(maxRetry, configured), firstRetry)
	d := ceiling
	if shift := n - 1; shift < 16 {
		d = min(firstRetry<<shift, ceiling)
	}
	d += time.Duration((jitter*2 - 1) * float64(d) / 5)
	return min(max(d, server.after), maxPause)
}

// patience is the least time between two tries of a source that people ask for, after so many
// failures in a row: it doubles with each but the first.
func patience(failures int) time.Duration {
	return min(askGap<<min(max(failures-1, 0), 8), maxAskGap)
}

// kept is for how long a server wants to be left alone that answered with a failure: by its
// Retry-After, or, with 429 and without one, for the whole pause.
func kept(server asks, f *Failure, pause time.Duration) time.Duration {
	if server.after == 0 && f.Code == tooOften {
		return pause
	}
	return min(server.after, pause)
}

// paced is a pause at a pace of 1 or more, at which each is so many times as long.
func paced(pause time.Duration, pace float64) time.Duration {
	if long := float64(pause) * pace; long < float64(maxPause) {
		return max(pause, time.Duration(long))
	}
	return max(pause, maxPause)
}

// longestRetry is the longest pause that retry makes of its own accord.
func longestRetry(configured time.Duration) time.Duration { return retry(1<<10, configured, asks{}, 1) }
