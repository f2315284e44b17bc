package board

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

// breakCandidate puts something into the config slot that is tried next, by which nobody reaches the page: what no check of a
// configuration finds.
const breakCandidate = `set -e
d=/data/config/%s/etc/systemd/system/calendarbot.socket.d
mkdir -p $d
printf '[Socket]\nListenStream=\nListenStream=127.0.0.1:8099\n' >$d/deaf.conf
sync
`

// shown is how a configuration shows: settings that come together or not at all.
type shown struct {
	days  int
	clock string
}

// The configuration as it is without anybody's doing, and one that a person makes.
var (
	usual  = shown{7, "24h"}
	wished = shown{9, "12h"}
	other  = shown{11, "12h"} // what was tried and left is not tried again
)

// stageConfig has the device lay a configuration into the slot that is idle.
func (s shown) stage() string {
	return fmt.Sprintf("calendarbot slots config stage --set display.days=%d --set display.clock=%s", s.days, s.clock)
}

// shown is the one that holds.
func (r *running) shown(t *testing.T) (s shown) {
	t.Helper()
	var config struct {
		Values []struct{ Key, Value string }
	}
	text := r.run(t, "calendarbot config show --json")
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	for _, v := range config.Values {
		switch v.Key {
		case "display.days":
			days, err := strconv.Atoi(v.Value)
			if err != nil {
				t.Fatal(err)
			}
			s.days = days
		case "display.clock":
			s.clock = v.Value
		}
	}
	return s
}

// tryConfig has the device try what was staged, for which it starts anew.
func (r *running) tryConfig(t *testing.T) (said int) {
	t.Helper()
	said = r.Console.Said()
	r.run(t, "calendarbot slots config try")
	return said
}

// takesConfigs tries config slots: one by which nobody reaches the page is left again, a good one is kept.
func (h *home) takesConfigs(t *testing.T, b *running) {
	t.Run("bad", func(t *testing.T) {
		defer b.log(t)
		b.run(t, wished.stage())
		b.run(t, strings.ReplaceAll(breakCandidate, "%s", "b"))
		begin := time.Now()
		said := b.tryConfig(t)
		said = b.starts(t, said)
		tried := time.Since(begin)
		said = b.starts(t, said)
		found := time.Since(begin)
		b.restarted(t, said)
		took := time.Since(begin)
		s := b.await(t, slot.Config, bootTime, func(s slot.State) bool { return s.Trial == nil && s.Last != nil })
		if s.Last.Kept || s.Active != slot.A {
			t.Fatalf("the config slot is kept: %+v", s)
		}
		if after := b.shown(t); after != usual {
			t.Errorf("after going back the configuration shows %+v, want %+v", after, usual)
		}
		t.Logf("a bad config slot: begun after %.0f s, found to be bad and left after %.0f s, back after %.0f s more, %.1f plain restarts (the goal on the board is %.0f s); told: %s",
			tried.Seconds(), found.Seconds(), (took - found).Seconds(), (took-found).Seconds()/h.Reboot, configGoal.Seconds(), s.Last.Why)
		figure(t, "level 2: a configuration with which nothing answers", (took - found).Seconds(), "s")
		b.tellsOutcome(t, s)
		b.keepsPerson(t)
	})
	if t.Failed() || !all() {
		return
	}
	t.Run("good", func(t *testing.T) {
		defer b.log(t)
		b.run(t, other.stage())
		begin := time.Now()
		b.restarted(t, b.tryConfig(t))
		s := b.await(t, slot.Config, bootTime, func(s slot.State) bool { return s.Trial == nil && s.Active == slot.B })
		t.Logf("a good config slot is kept after %.0f s, %.1f plain restarts", time.Since(begin).Seconds(), time.Since(begin).Seconds()/h.Reboot)
		if !s.Last.Kept {
			t.Fatalf("%+v", s.Last)
		}
		if after := b.shown(t); after != other {
			t.Errorf("the configuration shows %+v, want %+v", after, other)
		}
		b.keepsPerson(t)
		b.restart(t)
		if got := b.run(t, "cat /run/calendarbot-boot/config"); got != "b" {
			t.Errorf("after one more restart config slot %q holds", got)
		}
		b.keepsPerson(t)
	})
}
