package conn

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tended counts how often it was looked after; the first time it has a leak and a complaint.
type tended struct{ times int }

func (p *tended) Tend() ([]Leak, error) {
	p.times++
	if p.times > 1 {
		return nil, nil
	}
	return []Leak{{Pool: "database", Place: "store/between.go:1", Held: 90*time.Second + 1}}, errors.New("disk on fire")
}

func TestTenderLooksAfterPoolsUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var pools [2]tended
		tender := NewTender(slog.New(slog.NewTextHandler(&log, nil)), &pools[0], &pools[1])
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- tender.Run(ctx) }()
		<-tender.Ready()
		<-time.After(4*pause + time.Second)
		synctest.Wait()
		if pools[0].times != 4 || pools[1].times != 4 {
			t.Errorf("in 21 s the pools were looked after %d and %d times", pools[0].times, pools[1].times)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for text, want := range map[string]int{"pool=database taken=store/between.go:1 for=1m30s": 2, "disk on fire": 2} {
			if got := strings.Count(log.String(), text); got != want {
				t.Errorf("%q is logged %d times, want %d:\n%s", text, got, want, &log)
			}
		}
		if tender.String() == "" {
			t.Error("it has no name")
		}
	})
}
