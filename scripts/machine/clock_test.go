package machine

import (
	"strconv"
	"strings"
	"testing"
)

// How long after the system's start a clock that nothing confirms is not believed, in seconds (clock.Grace).
const graceSeconds = 180

// uptime is how long the machine runs by its own clock, in seconds.
func (m *Machine) uptime(t *testing.T) float64 {
	t.Helper()
	first, _, _ := strings.Cut(m.run(t, "cat /proc/uptime"), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}

// clockIsNotBelieved looks at the clock soon after the start of a machine whose timesyncd reaches nobody.
func (m *Machine) clockIsNotBelieved(t *testing.T) {
	m.until(t, "systemctl is-active systemd-timesyncd.service")
	said := m.view(t, "/api/v1/status").Clock
	up := m.uptime(t)
	t.Logf("%.0f s after the start: %+v", up, said)
	if up >= graceSeconds {
		t.Skip("this computer was too slow to see it")
	}
	if said.Trusted || said.Words == "" {
		t.Errorf("the clock is %+v though nothing told the time", said)
	}
}

// clockIsBelieved waits until the network had time enough, sees that people are told of the doubt, and then lets the time be heard.
func (m *Machine) clockIsBelieved(t *testing.T) {
	m.until(t, `test "$(cut -d . -f 1 /proc/uptime)" -ge `+strconv.Itoa(graceSeconds))
	m.until(t, "calendarbot status | grep 'No time has come from the network yet'")
	said := m.view(t, "/api/v1/status").Clock
	t.Logf("%.0f s after the start: %+v", m.uptime(t), said)
	if !said.Trusted || said.Words == "" {
		t.Errorf("the clock is %+v after the time that the network may take", said)
	}
	// What timesyncd does when it has heard the time.
	m.run(t, "touch /run/systemd/timesync/synchronized")
	took := m.until(t, "calendarbot status | grep 'the clock is right'")
	t.Logf("%.1f s after the time was heard: %+v", took.Seconds(), m.view(t, "/api/v1/status").Clock)
}
