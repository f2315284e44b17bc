package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// safety is what tells of attacks, or of what they are made easy by.
type safety struct {
	clients    int     // see visitors
	logins     uint64  // see door
	ssh        float64 // seconds of the processor; negative: not known
	vulnerable int     // negative: not known
}

// Files of the kernel: the accounts of the unit that answers SSH (Control Group v2, cpu.stat), which holds all that is done over it, and
// a file for each fault of processors that the kernel knows of (sysfs-devices-system-cpu, vulnerabilities).
const (
	groups     = "/sys/fs/cgroup"
	sshAccount = groups + "/system.slice/ssh.service/cpu.stat"
	faults     = "/sys/devices/system/cpu/vulnerabilities"
)

// readSSH is how much of the processor SSH took since its unit began, in seconds: each connection takes some, whether it is let in or not.
// It is 0 before the first one, and negative where there are no such accounts.
func readSSH(root string) float64 {
	text, err := os.ReadFile(filepath.Join(root, sshAccount))
	if err != nil {
		if _, err := os.Stat(filepath.Join(root, groups, "cgroup.controllers")); err != nil {
			return -1
		}
		return 0
	}
	var micro uint64
	if _, err := fmt.Sscanf(string(text), "usage_usec %d", &micro); err != nil { // the first line, always
		return -1
	}
	return float64(micro) / 1e6
}

// readFaults is how many of the processor's known faults the kernel does not keep from being used, such as Spectre; negative where it does not tell.
func readFaults(root string) (n int) {
	names, err := filepath.Glob(filepath.Join(root, faults, "*"))
	if err != nil || len(names) == 0 {
		return -1
	}
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && strings.HasPrefix(string(text), "Vulnerable") {
			n++
		}
	}
	return n
}

// safetyTable is what is told of that. It is there from the start: a rate over a counter that begins with its first event misses that one.
func safetyTable() []metric {
	return []metric{
		{"calendarbot_http_clients", "Addresses that connected within the last day, since the start, those of an IPv6 network from elsewhere as one; the device's own are left out.", gauge, nil, ofSafety(func(s *safety) float64 { return float64(s.clients) })},
		{"calendarbot_http_logins_total", "Times that somebody logged in over the network, or gave the PIN; the same from one address within ten minutes is not counted again. What programs do with the token is not counted.", counter, nil, ofSafety(func(s *safety) float64 { return float64(s.logins) })},
		{"calendarbot_device_ssh_cpu_seconds_total", "Processor time of connections by SSH, refused ones included.", counter, nil, ofSafety(func(s *safety) float64 { return s.ssh })},
		{"calendarbot_device_vulnerabilities", "Known faults of the processor that the kernel does not keep from being used.", gauge, nil, ofSafety(func(s *safety) float64 { return float64(s.vulnerable) })},
	}
}

// ofSafety reads a number that is not told while it is not known.
func ofSafety(number func(*safety) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.safety == nil {
			return
		}
		if n := number(l.safety); n >= 0 {
			to.put(n)
		}
	}
}

// safety looks at all of it; the kernel answers without a disk.
func (s *Server) safety() safety {
	return safety{clients: s.visitors.count(time.Now()), logins: s.door.entered(), ssh: readSSH(s.o.Places.Root), vulnerable: readFaults(s.o.Places.Root)}
}
