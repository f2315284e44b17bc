package guard

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(10 * time.Second)
		for _, c := range []struct {
			after time.Duration
			count int
			want  uint64
		}{
			{0, 3, 3}, {5 * time.Second, 2, 5}, {4900 * time.Millisecond, 1, 6}, {200 * time.Millisecond, 0, 3}, {5 * time.Second, 0, 1},
			{time.Hour, 0, 0}, {0, 4, 4}, {9 * time.Second, 1, 5}, {time.Second, 0, 1},
		} {
			<-time.After(c.after)
			for range c.count {
				w.add()
			}
			if got := w.sum(); got != c.want {
				t.Errorf("after %v: %d, want %d", c.after, got, c.want)
			}
		}
		w.clear()
		if got := w.sum(); got != 0 {
			t.Errorf("%d after it was cleared", got)
		}
	})
}

// A window without an interval is as long as it takes, and the zero one counts nothing.
func TestWindowsWithoutAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(0)
		w.add()
		<-time.After(1000 * time.Hour)
		w.add()
		if got := w.sum(); got != 2 {
			t.Errorf("%d, want 2", got)
		}
	})
	var none window
	none.add()
	none.clear()
	if got := none.sum(); got != 0 {
		t.Errorf("%d were counted", got)
	}
}

// Nothing is lost when many count at the same time, also not where a slice begins.
func TestWindowFromManyGoroutines(t *testing.T) {
	const users, uses = 8, 2000
	w := newWindow(time.Hour)
	var wg sync.WaitGroup
	for range users {
		wg.Go(func() {
			for range uses {
				w.add()
			}
		})
	}
	wg.Wait()
	if got := w.sum(); got != users*uses {
		t.Errorf("%d, want %d", got, users*uses)
	}
}
