package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
)

func TestVisitorsAreCountedForADay(t *testing.T) {
	v, began := newVisitors(), noon()
	for _, from := range []string{"", "127.0.0.1", "192.168.1.5"} { // the device itself, which has the last one
		v.note(whenceOf(caller(from)), began)
	}
	if n := v.count(began); n != 0 {
		t.Errorf("the device itself is %d of them", n)
	}
	for _, from := range []string{"192.168.1.7", "192.168.1.8", "::ffff:192.168.1.8", "2001:db8::1", "2001:db8::2"} {
		v.note(whenceOf(caller(from)), began)
	}
	v.note(whenceOf(caller("192.168.1.7")), began.Add(time.Hour))
	for after, want := range map[time.Duration]int{0: 3, visitFor - 1: 3, visitFor: 1, visitFor + time.Hour: 0} {
		if got := v.count(began.Add(after)); got != want {
			t.Errorf("%v later there are %d, want %d", after, got, want)
		}
	}
	for i := range 2 * maxVisitors {
		v.note(whenceOf(caller(fmt.Sprintf("10.0.%d.%d", i/250, 1+i%250))), began.Add(time.Hour+time.Duration(i)))
	}
	if n := len(v.came); n != maxVisitors {
		t.Errorf("%d are remembered, want %d", n, maxVisitors)
	}
}

// TestLoginsAreCounted: those that are right, of others than the device, an address once.
func TestLoginsAreCounted(t *testing.T) {
	d := newDoor()
	for _, try := range []struct{ from, given string }{
		{"192.168.1.7", "wrong"}, {"127.0.0.1", "right"}, {"192.168.1.7", "right"}, {"192.168.1.7", "right"}, {"192.168.1.8", "right"},
		{"2001:db8::7", "right"}, {"2001:db8::7", "right"},
	} {
		if err := d.admit(addr(try.from), shortSecret, try.given, config.Secret("right")); (err == nil) != (try.given == "right") {
			t.Errorf("%v: %v", try, err)
		}
	}
	if err := d.admit(addr("192.168.1.9"), longSecret, "right", config.Secret("right")); err != nil { // a program with the token
		t.Error(err)
	}
	if n := d.entered(); n != 3 {
		t.Errorf("%d logins are counted, want 3", n)
	}
}

func TestWhatTheKernelTellsOfAttacks(t *testing.T) {
	of := func(files map[string]string) string {
		root := t.TempDir()
		for name, text := range files {
			name = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return root
	}
	const controllers = groups + "/cgroup.controllers"
	for name, c := range map[string]struct {
		files  map[string]string
		ssh    float64
		faults int
	}{
		"nothing":           {nil, -1, -1},
		"no connection yet": {map[string]string{controllers: "cpu"}, 0, -1},
		"some connections":  {map[string]string{controllers: "cpu", sshAccount: "usage_usec 1250000\nuser_usec 1\n"}, 1.25, -1},
		"no account":        {map[string]string{controllers: "cpu", sshAccount: "user_usec 1\n"}, -1, -1},
		"no number":         {map[string]string{controllers: "cpu", sshAccount: "usage_usec -\n"}, -1, -1},
		"faults": {map[string]string{
			faults + "/spectre_v1": "Mitigation: __user pointer sanitization\n", faults + "/spectre_v2": "Vulnerable\n",
			faults + "/meltdown": "Not affected\n", faults + "/spec_store_bypass": "Vulnerable: no microcode\n",
		}, -1, 2},
		"no faults": {map[string]string{faults + "/meltdown": "Not affected\n"}, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := of(c.files)
			if got := readSSH(root); got != c.ssh {
				t.Errorf("SSH took %v s, want %v", got, c.ssh)
			}
			if got := readFaults(root); got != c.faults {
				t.Errorf("%d faults, want %d", got, c.faults)
			}
		})
	}
}

// TestUnknownSafetyIsNotTold: what the kernel does not tell is left out, not zero.
func TestUnknownSafetyIsNotTold(t *testing.T) {
	l := full()
	l.safety = &safety{ssh: -1, vulnerable: -1}
	for series := range values(t, meterOf(l)) {
		if strings.HasPrefix(series, "calendarbot_device_ssh") || strings.HasPrefix(series, "calendarbot_device_vulnerabilities") {
			t.Errorf("%s is told", series)
		}
	}
}
