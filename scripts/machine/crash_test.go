package machine

import (
	"strings"
	"testing"
	"time"
)

// asksToGoBack waits until systemd has given the agent up and the wish to go back is there, which has to name who asks, and what ended it.
func (m *Machine) asksToGoBack(t *testing.T, by, result, until string) {
	t.Helper()
	begin := time.Now()
	m.until(t, until)
	gaveUp := time.Since(begin)
	m.until(t, "test -s "+requestFile)
	request := m.run(t, "cat "+requestFile+"; calendarbot rollback show")
	t.Logf("given up %.1f s after, asked to go back %.1f s after: %s", gaveUp.Seconds(), time.Since(begin).Seconds(), request)
	for _, want := range []string{`"level":3`, `"by":"` + by + `"`, "ended with: " + result} {
		if !strings.Contains(request, want) {
			t.Errorf("the request does not say %q", want)
		}
	}
	m.run(t, "calendarbot rollback settle")
}

// isTriedAgain waits until the agent serves by itself, as a device on a wall has nobody who starts it.
func (m *Machine) isTriedAgain(t *testing.T) {
	t.Helper()
	took := m.until(t, "systemctl is-active calendarbot.service")
	answers(t, m.Agent)
	tries := m.run(t, "journalctl --sync; journalctl --no-pager -o short-monotonic -u calendarbot-retry.service -u calendarbot-rollback.service")
	t.Logf("active again %.1f s later, and it answers:\n%s", took.Seconds(), tries)
	if !strings.Contains(tries, "calendarbot-retry.service") {
		t.Error("it was not the timer that started it")
	}
	m.run(t, "systemctl reset-failed calendarbot.service")
}

// killedAgainAndAgain kills the program whenever it has started. The time until it is tried again is shorter than the device's.
func (m *Machine) killedAgainAndAgain(t *testing.T) {
	m.run(t, `mkdir -p /run/systemd/system/calendarbot-retry.timer.d
		printf '[Timer]\nOnActiveSec=\nOnActiveSec=10s\n' >/run/systemd/system/calendarbot-retry.timer.d/soon.conf
		systemctl daemon-reload; systemctl reset-failed calendarbot.service; systemctl restart calendarbot.service`)
	m.asksToGoBack(t, "crash loop", "signal", "systemctl kill --kill-whom=main --signal=KILL calendarbot.service; systemctl is-failed calendarbot.service")
	m.isTriedAgain(t)
	m.run(t, "rm /run/systemd/system/calendarbot-retry.timer.d/soon.conf; systemctl daemon-reload")
}

// endsAtOnce puts a program in the agent's place that ends with status 1 whenever it is to serve, until that was given up.
func (m *Machine) endsAtOnce(t *testing.T) {
	m.run(t, `cp -p `+program+` `+program+`.good
		printf '#!/bin/sh\nif [ "$1" = serve ]; then exit 1; fi\nexec %s.good "$@"\n' `+program+` >`+program+`.bad
		chmod 755 `+program+`.bad
		mount --bind `+program+`.bad `+program+`
		systemctl reset-failed calendarbot.service; systemctl restart --no-block calendarbot.service`)
	m.asksToGoBack(t, "crash loop", "exit-code", "systemctl is-failed calendarbot.service")
	m.run(t, "umount "+program)
	m.isTriedAgain(t)
}

// TestGivenUp has programs in the agent's place that run and are of no use: one never says that it is ready, the other never says that it
// still goes round. Both are ended by systemd, again and again, and both have to lead to the unit that asks to go back. The times are shorter
// than the device's; all else is as there.
func TestGivenUp(t *testing.T) {
	skipUnlessAsked(t)
	m := startAgent(t)
	for _, c := range []struct{ name, by, result, settings, program string }{
		{"it is never ready", "no ready", "timeout", "TimeoutStartSec=2s", "exec sleep infinity"},
		{"it never goes round", "watchdog", "watchdog", "WatchdogSec=1s\nTimeoutStartSec=30s\nNotifyAccess=all", "systemd-notify --ready\nexec sleep infinity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m.run(t, `mkdir -p /run/systemd/system/calendarbot.service.d /run/useless
				printf '#!/bin/sh\n`+c.program+`\n' >/run/useless/serve
				chmod 755 /run/useless /run/useless/serve
				printf '[Service]\nExecStart=\nExecStart=/bin/sh /run/useless/serve\n`+c.settings+`\n' >/run/systemd/system/calendarbot.service.d/useless.conf
				systemctl daemon-reload; systemctl reset-failed calendarbot.service; systemctl restart --no-block calendarbot.service`)
			m.asksToGoBack(t, c.by, c.result, "systemctl is-failed calendarbot.service")
			if starts := m.property(t, "NRestarts"); starts != "3" && starts != "4" {
				t.Errorf("it was started again %s times before it was given up", starts)
			}
			if out := m.run(t, "journalctl --sync; journalctl --no-pager -o cat -u calendarbot.service -u calendarbot-rollback.service"); !strings.Contains(out, "Triggering OnFailure= dependencies") {
				t.Errorf("the unit that asks was not started by OnFailure=:\n%s", out)
			}
			m.run(t, `rm /run/systemd/system/calendarbot.service.d/useless.conf
				systemctl daemon-reload; systemctl stop calendarbot-retry.timer`)
			// As the program is started that is gone back to. systemd closed the socket, and has to open it again.
			m.run(t, "systemctl is-active calendarbot.socket && exit 1; systemctl reset-failed calendarbot.service; systemctl restart calendarbot.service")
			answers(t, m.Agent)
		})
	}
}
