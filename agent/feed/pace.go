package feed

import "time"

const (
	minPause    = time.Minute      // between two fetches of one source
	maxPause    = 24 * time.Hour   // nobody can make us stay away for longer
	firstRetry  = 30 * time.Second // after the first failure, doubling with each further one
	maxRetry    = 30 * time.Minute
	hostGap     = 2 * time.Second // between two requests to one host, but in the first round
	emptyBelief = 3               // after so many fetches in a row a calendar really has become empty
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
