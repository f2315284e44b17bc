package store

import (
	"sync"
	"testing"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
)

// sized fails unless the pool has a size and a ceiling.
func (k *kept) sized(size, ceiling int) {
	k.t.Helper()
	if s := k.Connections(); s.Size != size || s.Ceiling != ceiling || s.Name != "database" {
		k.t.Errorf("%+v, want size %d and ceiling %d", s, size, ceiling)
	}
}

func TestReadersAreSetWhileRunning(t *testing.T) {
	k := newStore(t)
	k.sized(3, 10)
	k.Configure(config.DB{Readers: 5})
	k.sized(5, 10)
	k.SetMaximum(2)
	k.sized(2, 2)
	k.SetMaximum(0)
	k.sized(5, 10)
}

func TestReadersOfPagesAreUsedAgain(t *testing.T) {
	k := newStore(t)
	k.fill()
	before := k.Connections()
	var pages sync.WaitGroup
	for range 3 {
		pages.Go(func() {
			for range 20 {
				k.between(day(3))
			}
		})
	}
	pages.Wait()
	s := k.Connections()
	s.Takes -= before.Takes
	s.Reused -= before.Reused
	if s.Takes != 60 || s.Reuse() < 0.8 {
		t.Errorf("reuse of %.0f %%: %+v", 100*s.Reuse(), s)
	}
}

func TestPoolOfANewFileGoesOnWhereTheOldOneWas(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.Configure(config.DB{Readers: 4})
	k.SetMaximum(6)
	k.between(day(3))
	before := k.Connections()
	k.damage(1)
	k.between(day(3))
	if k.Recovered() == "" {
		t.Fatal("the file was not replaced")
	}
	k.sized(4, 6)
	if s := k.Connections(); s.Takes <= before.Takes || s.Opened <= before.Opened || s.Closed < before.Opened {
		t.Errorf("from %+v to %+v", before, s)
	}
}

func TestPoolIsLookedAfter(t *testing.T) {
	k := newStore(t)
	k.fill()
	var pool conn.Tended = k.Store
	for range 2 {
		if leaks, err := pool.Tend(); err != nil || len(leaks) != 0 {
			t.Errorf("%v, %v", leaks, err)
		}
		k.must(k.Close())
	}
	if s := k.Connections(); s.Size != 0 || s.Takes == 0 || s.Opened != s.Closed || s.Why != "there is no database" {
		t.Errorf("after the end: %+v", s)
	}
	k.Configure(config.DB{Readers: 4})
	k.SetMaximum(1)
}
