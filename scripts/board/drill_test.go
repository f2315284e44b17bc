package board

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

// drill is the environment variable that asks for a drill by its level: 1, 2 or 3. A drill causes what makes a device go back by itself, and prints how
// long that took.
const drill = "CALENDARBOT_DRILL"

// featuresGoal is how long switching all optional parts off may take: level 1.
const featuresGoal = 30 * time.Second

func wants(t *testing.T, level string) {
	t.Helper()
	if asked := os.Getenv(drill); asked != level && !all() {
		t.Skipf("to run it: make drill-%s", level)
	}
}

// drilled prints the figure of a drill, and keeps it.
func (h *home) drilled(t *testing.T, level int, what string, took, goal time.Duration) {
	t.Helper()
	t.Logf("level %d, %s: %.1f s from the trigger until it was served again, %.1f plain restarts of this emulated board (one is %.0f s); the goal on the board is %.0f s",
		level, what, took.Seconds(), took.Seconds()/h.Reboot, h.Reboot, goal.Seconds())
	figure(t, fmt.Sprintf("level %d: %s", level, what), took.Seconds(), "s")
}

// put copies a file to the board, as a program.
func (r *running) put(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	r.run(t, "base64 -d >"+to+" <<'END'\n"+base64.StdEncoding.EncodeToString(data)+"\nEND\nchmod 0755 "+to)
}

// TestDrillLevel1 switches everything optional off: because memory is scarce, because a person asks for it, and because a file lies on the
// card.
func TestDrillLevel1(t *testing.T) {
	wants(t, "1")
	h := newHome(t)
	hog := filepath.Join(t.TempDir(), "subject")
	if _, err := Subject(t.Context(), Crash, "0.0.0", "", hog); err != nil {
		t.Fatal(err)
	}
	b := h.on(t)
	b.boots(t, "the device")
	b.run(t, "calendarbot features set request_pipeline full; calendarbot features set cache_warming full; calendarbot features set connection_pooling full")
	b.featuresAre(t, true)
	b.put(t, hog, "/run/subject")
	w := b.watch(t, 30*time.Second)

	for _, trigger := range []struct{ name, begin, end string }{
		{"a person asks for it (emergency-off)", "calendarbot emergency-off --why drill", "calendarbot emergency-on"},
		{"a file on the card", "f=/boot/firmware; mount -o remount,rw $f; touch $f/calendarbot-emergency-off; mount -o remount,ro $f",
			"f=/boot/firmware; mount -o remount,rw $f; rm $f/calendarbot-emergency-off; mount -o remount,ro $f"},
	} {
		begin := time.Now()
		b.run(t, trigger.begin)
		b.featuresAre(t, false)
		h.drilled(t, 1, trigger.name, time.Since(begin), featuresGoal)
		b.run(t, trigger.end)
		b.featuresAre(t, true)
	}

	// More than 400 MB in use, and the board has not many more.
	words := strings.Fields(b.run(t, `awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { print total * 1024, (total - $2) * 1024 }' /proc/meminfo`))
	total, err1 := strconv.ParseFloat(words[0], 64)
	used, err2 := strconv.ParseFloat(words[1], 64)
	if err1 != nil || err2 != nil {
		t.Fatal(words)
	}
	more := int(max(400e6, 0.78*total)-used)>>20 + 8
	t.Logf("%.0f MB of %.0f MB are in use; %d MiB more are taken", used/1e6, total/1e6, more)
	begin := time.Now()
	b.run(t, fmt.Sprintf("systemd-run --quiet --unit hog --property StandardOutput=file:/run/hog /run/subject hog %d; until grep -q held /run/hog; do sleep 0.2; done", more))
	held := time.Since(begin)
	b.featuresAre(t, false)
	h.drilled(t, 1, "memory is scarce", time.Since(begin), featuresGoal)
	t.Logf("%.1f s of it were for taking memory", held.Seconds())
	b.run(t, "systemctl stop hog")
	w.stop()
	t.Logf("meanwhile %v", w)
	if w.failed > 0 {
		t.Error("requests failed")
	}
	b.keepsPerson(t)
}

// featuresAre waits until some optional part is on, or none.
func (r *running) featuresAre(t *testing.T, on bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		text := r.tells(t, "/api/v1/features")
		var told struct{ Features []struct{ On bool } }
		if err := json.Unmarshal([]byte(text), &told); err != nil || len(told.Features) == 0 {
			t.Fatalf("%v: %s", err, text)
		}
		some := false
		for _, feature := range told.Features {
			some = some || feature.On
		}
		if some == on {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("some part is to be on: %v; %s", on, text)
		}
	}
}

// spoil makes the configuration that runs one with which the database cannot be opened any more soon after each start, and is opened for each
// question. It is in no other slot, and ends with the program.
const spoil = `set -e
calendarbot features force connection_pooling off
mkdir -p /etc/systemd/system/calendarbot.service.d
cat >/etc/systemd/system/calendarbot.service.d/spoilt.conf <<'END'
[Service]
ExecStartPost=+/bin/sh -c '{ sleep 30; install -m 000 /dev/null /run/closed; nsenter -t $MAINPID -m mount --bind /run/closed /var/lib/calendarbot/calendarbot.db; } >/dev/null 2>&1 &'
END
systemctl daemon-reload
systemctl restart calendarbot.service
until nsenter -t $(systemctl show -P MainPID calendarbot.service) -m grep -q calendarbot.db /proc/self/mountinfo; do sleep 1; done
`

// TestDrillLevel2 has more than 5 % of the requests fail, because of a fault in the config slot that was tried and kept.
func TestDrillLevel2(t *testing.T) {
	wants(t, "2")
	h := newHome(t)
	b := h.on(t)
	b.boots(t, "the device")
	b.run(t, wished.stage())
	b.restarted(t, b.tryConfig(t))
	b.await(t, slot.Config, bootTime, func(s slot.State) bool { return s.Trial == nil && s.Active == slot.B })
	defer b.log(t)
	b.run(t, spoil)
	ctx, cancel := context.WithTimeout(t.Context(), bootTime)
	defer cancel()
	said, failing := b.Console.Said(), time.Now()
	asked := make(chan time.Time, 1)
	go func() {
		defer close(asked)
		if _, err := b.Run(ctx, "journalctl --no-pager -f -n 0 -o cat -u calendarbot.service | grep -q -m 1 'a rollback is asked for'"); err == nil {
			asked <- time.Now()
		}
	}()
	trouble, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); b.trouble(trouble) }()
	w := b.watch(t, 10*time.Second)
	trigger, there := <-asked
	if !there {
		t.Fatal("nobody asked for going back")
	}
	stop()
	<-ended
	b.restarted(t, said)
	back := w.served(t, bootTime, 5*time.Second)
	w.stop()
	s := b.await(t, slot.Config, bootTime, func(s slot.State) bool { return s.Last != nil && s.Active == slot.A })
	t.Logf("requests failed for %.0f s until they were found to be more than 5 %% of five minutes", trigger.Sub(failing).Seconds())
	h.drilled(t, 2, "requests fail", back.Sub(trigger), configGoal)
	if got := b.run(t, "cat /run/calendarbot-boot/config"); got != "a" {
		t.Errorf("config slot %q holds", got)
	}
	b.tellsOutcome(t, s)
	b.keepsPerson(t)
}

// trouble asks for something that only the database knows, five times a second, until the context ends. The pages come meanwhile, as they were.
func (r *running) trouble(ctx context.Context) {
	client := http.Client{Timeout: 10 * time.Second}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Web+"/api/v1/hidden", nil)
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close() // what it says is counted by the device
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// TestDrillLevel3 has a program that was kept crash whenever it is started.
func TestDrillLevel3(t *testing.T) {
	wants(t, "3")
	h := newHome(t)
	c := h.open(t)
	file, version := c.file()
	if _, err := Subject(t.Context(), Later, version, "", file); err != nil {
		t.Fatal(err)
	}
	c.offer(t, slot.Agent, version, file)
	b := h.on(t)
	b.boots(t, "the device")
	defer b.log(t)
	b.take(t)
	if s := b.await(t, slot.Agent, bootTime, judged(version)); !s.Last.Kept {
		t.Fatalf("the program that is to crash later is not kept: %+v", s.Last)
	}
	w := b.watch(t, 5*time.Second)
	trigger := time.Now()
	b.run(t, "touch /var/lib/calendarbot/subject-is-ill; systemctl kill --signal KILL calendarbot.service")
	s := b.await(t, slot.Agent, bootTime, func(s slot.State) bool { return s.Last != nil && !s.Last.Kept })
	ended := time.Since(trigger)
	took := w.served(t, bootTime, 10*time.Second).Sub(trigger)
	w.stop()
	if took <= 0 {
		took = ended // its page looked well all the time
	}
	h.drilled(t, 3, "the program crashes", took, agentGoal)
	t.Logf("meanwhile %v; told: %s", w, s.Last.Why)
	b.tellsOutcome(t, s)
	b.keepsPerson(t)
}
