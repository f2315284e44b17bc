package run

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// pats is how often the watchdog is told within the time that it waits.
const pats = 3

// Watch says who is late: the names of the loops that stand still, none while all is well. From READY=1 on the service manager's
// watchdog (WATCHDOG_USEC) is told three times within its time that all is well, while late names nobody; when it names somebody, that is in the
// log and in the status, the watchdog is not told, and kills the program unless they go on in time. Without a watchdog late is
// not asked. It may not wait for those it asks about. Watch is called before Run; without it the watchdog is told as long as there is the program.
func (g *Group) Watch(late func() []string) { g.late = late }

// patWatchdog tells the watchdog until ctx ends. Without one it returns at once.
func (g *Group) patWatchdog(ctx context.Context) {
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		g.log.Warn("the service manager's watchdog is not told", "error", err)
	}
	if err != nil || patience == 0 {
		return
	}
	tick := time.NewTicker(max(patience/pats, time.Millisecond))
	defer tick.Stop()
	var before []string
	for {
		var late []string
		if g.late != nil {
			late = g.late()
		}
		if !slices.Equal(late, before) {
			g.noteLate(late)
			before = late
		}
		if len(late) == 0 {
			g.service.send(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// noteLate tells people who is late.
func (g *Group) noteLate(late []string) {
	names, words := strings.Join(late, ", "), ""
	if len(late) == 0 {
		g.log.Info("nobody stands still any more; the watchdog is told again")
	} else {
		g.log.Error("somebody stands still; the watchdog is not told until they go on", "late", names)
		words = "standing still: " + names + "; the watchdog starts the program again unless that ends"
	}
	g.service.mu.Lock()
	defer g.service.mu.Unlock()
	g.service.late = words
	g.service.refresh()
}
