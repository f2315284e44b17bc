package machine

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The limits of the agent's unit in the memory test, in bytes, and where its control group is.
const (
	unitHigh = 64 << 20
	unitMax  = 80 << 20
	sliceMax = 128 << 20
	unit     = "/sys/fs/cgroup/calendarbot.slice/calendarbot.service"
)

// cramp gives the agent little memory, has it look often, and starts it anew with nothing of its files in memory, so that
// they are charged to it.
const cramp = `
mkdir -p /run/systemd/system/calendarbot.service.d /run/systemd/system/calendarbot.slice.d
cat >/run/systemd/system/calendarbot.service.d/cramped.conf <<END
[Service]
MemoryHigh=%d
MemoryMax=%d
Environment=CALENDARBOT_PRESSURE_EVERY=2s CALENDARBOT_PRESSURE_RECOVERY=10s
END
cat >/run/systemd/system/calendarbot.slice.d/cramped.conf <<END
[Slice]
MemoryHigh=infinity
MemoryMax=%d
END
systemctl daemon-reload
systemctl stop calendarbot.service
sync; echo 3 >/proc/sys/vm/drop_caches
systemctl start calendarbot.service
`

// crowd puts a hog into the agent's own group, which takes what is missing to 90 % of memory.high, and another one beside it in
// the slice, which takes more than the slice has.
const crowd = `
used=$(($(cat $U/memory.current) - $(sed -n 's/^inactive_file //p' $U/memory.stat)))
setsid bash -c "echo \$\$ >$U/cgroup.procs; exec /usr/lib/machine/guest hog $((HIGH * 90 / 100 - used))" >/run/hog.out 2>&1 </dev/null &
echo $! >/run/hog.pid
until grep -q held /run/hog.out; do kill -0 $(cat /run/hog.pid) || exit; sleep 0.2; done
systemd-run --quiet --wait --slice=calendarbot.slice -p OOMScoreAdjust=1000 /usr/lib/machine/guest hog $((SLICE * 2)) && exit 1
exit 0
`

// pressed is how the agent sees its memory and what it gives up.
type pressed struct{ sign, cache int }

func (m *Machine) pressed(t *testing.T) pressed {
	t.Helper()
	body := func(path string) []byte {
		resp, err := http.Get(m.Agent + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v: %.300s", path, resp.Status, err, text)
		}
		return text
	}
	var view struct {
		Signs []struct {
			Sign string
			Step int
		}
	}
	if err := json.Unmarshal(body("/api/v1/pressure"), &view); err != nil {
		t.Fatal(err)
	}
	p := pressed{sign: -1, cache: -1}
	for _, s := range view.Signs {
		if s.Sign == "unit_memory" {
			p.sign = s.Step
		}
	}
	if found := regexp.MustCompile(`(?m)^calendarbot_cache_pressure_step (\d)`).FindSubmatch(body("/metrics")); found != nil {
		p.cache = int(found[1][0] - '0')
	}
	return p
}

// becomes asks until the agent is pressed as wanted, and returns how long that took.
func (m *Machine) becomes(t *testing.T, wanted func(pressed) bool) time.Duration {
	t.Helper()
	begin := time.Now()
	now := m.pressed(t)
	for !wanted(now) {
		if time.Since(begin) > waitTime {
			t.Fatalf("it stays at %+v\n%s", now, m.run(t, "cat "+unit+"/memory.{current,high,max,events,pressure}; journalctl --no-pager -u calendarbot.service | tail -20"))
		}
		select {
		case <-time.After(time.Second / 2):
		case <-t.Context().Done():
		}
		now = m.pressed(t)
	}
	return time.Since(begin)
}

// TestMemoryIsGivenUpBeforeItIsTaken lets memory become scarce ten times, in the agent's group and in its slice. It answers all the
// while, gives up what it can do without, takes it back afterwards, and is never the one that is ended.
func TestMemoryIsGivenUpBeforeItIsTaken(t *testing.T) {
	m := startAgent(t)
	m.run(t, fmt.Sprintf(cramp, unitHigh, unitMax, sliceMax))
	answers(t, m.Agent)
	invocation := m.property(t, "InvocationID")
	m.becomes(t, func(p pressed) bool { return p == pressed{} })
	load := begin(t, m.Agent, 100*time.Millisecond)
	for n := range 10 {
		m.run(t, fmt.Sprintf("U=%s HIGH=%d SLICE=%d\n%s", unit, unitHigh, sliceMax, crowd))
		down := m.becomes(t, func(p pressed) bool { return p.sign >= 2 && p.cache >= 2 })
		events := m.run(t, "cat "+unit+"/memory.events; kill -9 $(cat /run/hog.pid)")
		up := m.becomes(t, func(p pressed) bool { return p == pressed{} })
		t.Logf("run %d: stepped down %.1f s after, up again %.1f s after it was over; %s", n+1, down.Seconds(), up.Seconds(), strings.Join(strings.Fields(events), " "))
		if !strings.Contains(events, "\noom_kill 0\n") {
			t.Errorf("something of the unit was ended for its memory: %s", events)
		}
	}
	answered, lost := load.end()
	t.Logf("%d requests answered, %d lost; %s", answered, len(lost), m.run(t, "cd "+unit+"; grep . memory.peak memory.high memory.max; systemctl show -p NRestarts calendarbot.service; grep oom_kill ../memory.events"))
	if len(lost) > 0 {
		t.Errorf("lost: %v", lost[0])
	}
	if m.property(t, "InvocationID") != invocation {
		t.Error("the agent was started again meanwhile")
	}
}
