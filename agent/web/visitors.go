package web

import (
	"net/netip"
	"sync"
	"time"
)

// What is remembered of who came.
const (
	visitFor    = 24 * time.Hour
	maxVisitors = 256 // then the one that did not come for longest is forgotten
)

// visitors are the clients that connected within a day (see clientOf), the device itself left out. Somebody who looks at an open calendar does
// nothing that he may not; that there are more than usual is all that shows him. A machine with several addresses is several of them.
type visitors struct {
	mu   sync.Mutex
	came map[netip.Addr]time.Time // the last time
}

func newVisitors() *visitors { return &visitors{came: map[netip.Addr]time.Time{}} }

// note remembers who connects.
func (v *visitors) note(from whence, now time.Time) {
	if from == (whence{}) {
		return
	}
	one := clientOf(from.address)
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.came[one]; !known {
		makeRoom(v.came, maxVisitors, over, now)
	}
	v.came[one] = now
}

// over is when a visit is forgotten.
func over(last time.Time) time.Time { return last.Add(visitFor) }

// count is how many came within a day.
func (v *visitors) count(now time.Time) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, last := range v.came {
		if over(last).After(now) {
			n++
		}
	}
	return n
}
