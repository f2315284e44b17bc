package run

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Reload tells the service manager that the configuration is read again (RELOADING=1 with the monotonic clock, as
// Type=notify-reload wants it), calls read, and tells that the program is ready again, with the status that read
// returns. Reloads are made one after the other. Before the group's first READY=1, and once it stops, read is called and
// nothing is told: starting and stopping are news enough.
func (g *Group) Reload(read func() (status string)) {
	g.service.reloads.Lock()
	defer g.service.reloads.Unlock()
	told := g.service.reloading()
	status := read()
	if told {
		g.service.reloaded(status)
	}
}

// maxStatus is how long a status may be, in letters: systemctl shows it in one line.
const maxStatus = 200

// Status says in words how the program fares, for "systemctl status": one line of at most 200 letters. It is told when it is something
// else than before, from READY=1 on; what is said earlier is told with it.
func (g *Group) Status(words string) {
	g.service.mu.Lock()
	defer g.service.mu.Unlock()
	g.service.words = words
	g.service.refresh()
}

// service is the service manager, as one who tells it how the program fares.
type service struct {
	log     *slog.Logger
	reloads sync.Mutex // held during a reload

	mu    sync.Mutex // so that what is told is told in the order in which it became true
	phase phase
	words string // how the program fares
	late  string // which loops stand still, in words; they matter more
	told  string // the status that was told last
}

// phase is what the service manager was told last.
type phase uint8

const (
	starting phase = iota
	running
	stopping
)

func (s *service) starting(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell("", text)
}

func (s *service) ready() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = running
	s.tell(daemon.SdNotifyReady+"\n", s.status())
}

// stopping tells the watchdog as well, so that the tasks have its whole time to end.
func (s *service) stopping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = stopping
	s.tell(daemon.SdNotifyStopping+"\n"+daemon.SdNotifyWatchdog+"\n", "stopping")
}

// reloading tells whether it told.
func (s *service) reloading() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != running {
		return false
	}
	s.tell(daemon.SdNotifyReloading+"\n"+daemon.SdNotifyMonotonicUsec(), "reading the configuration")
	return true
}

func (s *service) reloaded(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words = status
	if s.phase == running {
		s.tell(daemon.SdNotifyReady+"\n", s.status())
	}
}

// status is what is to be told. s.mu is held.
func (s *service) status() string {
	if s.late != "" {
		return s.late
	}
	return s.words
}

// refresh tells the status if it is another one. s.mu is held.
func (s *service) refresh() {
	if s.phase == running && line(s.status()) != s.told {
		s.tell("", s.status())
	}
}

// tell gives the service manager lines of state and a status for people. Without a service manager it does nothing; one that
// cannot be reached is no reason to stop. s.mu is held.
func (s *service) tell(state, status string) {
	s.told = line(status)
	s.send(state + "STATUS=" + s.told)
}

func (s *service) send(message string) {
	if _, err := daemon.SdNotify(false, message); err != nil {
		s.log.Warn("tell the service manager", "message", message, "error", err)
	}
}

// line makes one line of words, and a short one.
func line(words string) string {
	words = strings.ToValidUTF8(strings.Join(strings.Fields(words), " "), "?")
	if r := []rune(words); len(r) > maxStatus {
		return string(r[:maxStatus-1]) + "…"
	}
	return words
}
