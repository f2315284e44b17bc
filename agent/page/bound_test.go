package page

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBoundDrawsWithFewOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		draw := Bound(func(context.Context, Query, time.Time) (Page, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(time.Second)
			return Page{Status: 200}, nil
		}, 3, time.Minute)
		began := time.Now()
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if p, err := draw(t.Context(), Query{}, began); err != nil || p.Status != 200 {
					t.Errorf("%v, %v", p, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); most.Load() != 3 || took != 10*time.Second {
			t.Errorf("%d at the same time, %v in all", most.Load(), took)
		}
	})
}

// A disk that hangs, whatever it is asked, costs each caller the wait and no more than places drawings.
func TestBoundGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var begun atomic.Int32
		draw := Bound(func(context.Context, Query, time.Time) (Page, error) {
			begun.Add(1)
			<-hang
			return Page{}, nil
		}, 2, 5*time.Second)
		began := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := draw(t.Context(), Query{}, began); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		}
		all.Wait()
		if begun.Load() != 2 {
			t.Errorf("%d drawings have begun", begun.Load())
		}
		close(hang)
		synctest.Wait()
		if _, err := draw(t.Context(), Query{}, began); err != nil {
			t.Errorf("when the disk is back: %v", err)
		}
	})
}

func TestBoundAndCallersWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var noticed atomic.Bool
		draw := Bound(func(ctx context.Context, _ Query, _ time.Time) (Page, error) {
			<-ctx.Done()
			noticed.Store(true)
			return Page{}, ctx.Err()
		}, 1, time.Hour)
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		began := time.Now()
		if _, err := draw(ctx, Query{}, began); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		synctest.Wait()
		if !noticed.Load() {
			t.Error("the drawing goes on for nobody")
		}
	})
}

func TestBoundTakesAPanicAsAnError(t *testing.T) {
	draw := Bound(func(context.Context, Query, time.Time) (Page, error) { panic("no more paint") }, 1, time.Minute)
	for range 3 { // the place is free again
		_, err := draw(t.Context(), Query{}, time.Time{})
		var p *panicked
		if !errors.As(err, &p) || !strings.Contains(err.Error(), "no more paint") || !strings.Contains(string(p.stack), "TestBoundTakesAPanic") {
			t.Fatalf("%v", err)
		}
	}
}
