package machine

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The limits of the agent's unit in the memory test and of one beside it, in bytes, and where the agent's control group is.
const (
	unitHigh = 64 << 20
	unitMax  = 80 << 20
	besides  = 32 << 20
	unit     = "/sys/fs/cgroup/calendarbot.slice/calendarbot.service"
)

// cramp gives the agent little memory, has it look often, and starts it anew with nothing of its files in memory, so that they are
// charged to it.
const cramp = `
mkdir -p /run/systemd/system/calendarbot.service.d
cat >/run/systemd/system/calendarbot.service.d/cramped.conf <<END
[Service]
MemoryHigh=%d
MemoryMax=%d
Environment=CALENDARBOT_PRESSURE_EVERY=2s CALENDARBOT_PRESSURE_RECOVERY=10s
END
cat >/run/systemd/system/hog.service <<END
[Service]
Type=oneshot
Slice=calendarbot.slice
MemoryMax=%d
ExecStart=/usr/lib/machine/guest hog %d
END
systemctl daemon-reload
systemctl stop calendarbot.service
sync; echo 3 >/proc/sys/vm/drop_caches
systemctl start calendarbot.service
`

// hog puts one into the agent's own group, which takes what is missing to 90 % of memory.high.
const hog = `
used=$(($(cat $U/memory.current) - $(sed -n 's/^inactive_file //p' $U/memory.stat)))
setsid bash -c "echo \$\$ >$U/cgroup.procs; exec /usr/lib/machine/guest hog $((HIGH * 90 / 100 - used))" >/run/hog.out 2>&1 </dev/null &
echo $! >/run/hog.pid
until grep -q held /run/hog.out; do kill -0 $(cat /run/hog.pid) || exit; sleep 0.2; done
`

// neighbour has another unit of the slice take more than it may have, until the kernel ends it.
const neighbour = `
! systemctl start hog.service 2>/dev/null && systemctl show --value -p Result hog.service
`

// figures are what the kernel says about the memory of the agent's unit.
const figures = `
cd $U; cat memory.events; grep -E '^(anon|file|workingset_refault_file|pgmajfault) ' memory.stat; grep full memory.pressure
`

// pressed is how the agent sees its memory and what it gives up.
type pressed struct{ sign, cache int }

func (m *Machine) pressed(t *testing.T) pressed {
	t.Helper()
	p := pressed{sign: -1, cache: -1}
	for _, s := range m.view(t, "/api/v1/pressure").Signs {
		if s.Sign == "unit_memory" {
			p.sign = s.Step
		}
	}
	if found := regexp.MustCompile(`(?m)^calendarbot_cache_pressure_step (\d)`).FindSubmatch(m.get(t, "/metrics")); found != nil {
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

// runs is how often what may go wrong by chance is tried: twice, or as often as CALENDARBOT_MACHINE_RUNS says.
func runs(t *testing.T) int {
	t.Helper()
	wanted := os.Getenv("CALENDARBOT_MACHINE_RUNS")
	if wanted == "" {
		return 2
	}
	n, err := strconv.Atoi(wanted)
	if err != nil || n < 1 {
		t.Fatalf("CALENDARBOT_MACHINE_RUNS=%q: it is a number, 1 or more", wanted)
	}
	return n
}

// TestMemoryIsGivenUpBeforeItIsTaken lets memory become scarce again and again, in the agent's group and in one beside it. It answers all the
// while, gives up what it can do without, takes it back afterwards, and is never the one that is ended.
func TestMemoryIsGivenUpBeforeItIsTaken(t *testing.T) {
	skipUnlessAsked(t)
	m := startAgent(t)
	m.run(t, fmt.Sprintf(cramp, unitHigh, unitMax, besides, 2*besides))
	answers(t, m.Agent)
	invocation := m.property(t, "InvocationID")
	m.becomes(t, func(p pressed) bool { return p == pressed{} })
	load := begin(t, m.Agent, 100*time.Millisecond)
	group := fmt.Sprintf("U=%s HIGH=%d\n", unit, unitHigh)
	for n := range runs(t) {
		began := time.Now()
		m.run(t, group+hog)
		m.becomes(t, func(p pressed) bool { return p.sign >= 2 && p.cache >= 2 })
		down := time.Since(began)
		if end := m.run(t, neighbour); end != "oom-kill\n" {
			t.Errorf("the hog beside it ended with %s", end)
		}
		took := m.run(t, group+figures)
		m.run(t, "kill -9 $(cat /run/hog.pid)")
		up := m.becomes(t, func(p pressed) bool { return p == pressed{} })
		t.Logf("run %d: stepped down %.1f s after it became scarce, up again %.1f s after it was over; %s",
			n+1, down.Seconds(), up.Seconds(), strings.Join(strings.Fields(took), " "))
		if !strings.Contains(took, "\noom_kill 0\n") {
			t.Errorf("something of the unit was ended for its memory: %s", took)
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
