package conn

import "time"

// Stats is what a pool of connections has counted since the start, and how it stands.
type Stats struct {
	Name     string // "http" or "database"
	Pooled   bool   // false: every use opens its own connection
	Size     int    // connections that may be in use now
	Ceiling  int    // the most that Size may become
	Why      string // why Size is what it is, in words
	InUse    int
	Idle     int
	Waiting  int           // uses that wait for a connection now
	Takes    uint64        // uses
	Reused   uint64        // uses that found an open connection
	Opened   uint64        // connections
	Closed   uint64        // connections
	Broken   uint64        // found broken after idling, and replaced
	Failed   uint64        // uses that found or made no connection
	Waits    uint64        // uses that had to wait
	Waited   time.Duration // in all
	Leaks    uint64        // connections that were held longer than the bound
	Longest  time.Duration // that a connection is held now
	Suspects []string      // where those that are held too long were taken, at most a few
}

// Utilisation is the share of Size that is in use, 0-1.
func (s Stats) Utilisation() float64 {
	if s.Size <= 0 {
		return 0
	}
	return min(1, float64(s.InUse)/float64(s.Size))
}

// Reuse is the share of uses that found an open connection, 0-1; 1 before the first use.
func (s Stats) Reuse() float64 {
	if s.Takes == 0 {
		return 1
	}
	return float64(s.Reused) / float64(s.Takes)
}

// Plus returns s with what was counted before by a pool that s has taken the place of.
func (s Stats) Plus(before Stats) Stats {
	s.Takes += before.Takes
	s.Reused += before.Reused
	s.Opened += before.Opened
	s.Closed += before.Closed
	s.Broken += before.Broken
	s.Failed += before.Failed
	s.Waits += before.Waits
	s.Waited += before.Waited
	s.Leaks += before.Leaks
	return s
}
