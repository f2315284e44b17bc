package run

import (
	"log/slog"
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

// service is the service manager, as one who tells it how the program fares.
type service struct {
	log     *slog.Logger
	reloads sync.Mutex // held during a reload

	mu    sync.Mutex // so that what is told is told in the order in which it became true
	phase phase
}

// phase is what the service manager was told last.
type phase uint8

const (
	starting phase = iota
	running
	stopping
)

func (s *service) status(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell("", text)
}

func (s *service) ready(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = running
	s.tell(daemon.SdNotifyReady+"\n", status)
}

func (s *service) stopping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = stopping
	s.tell(daemon.SdNotifyStopping+"\n", "stopping")
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
	if s.phase == running {
		s.tell(daemon.SdNotifyReady+"\n", status)
	}
}

// tell gives the service manager lines of state and a status for people. Without a service manager it does nothing; one that
// cannot be reached is no reason to stop. s.mu is held.
func (s *service) tell(state, status string) {
	message := state + "STATUS=" + status
	if _, err := daemon.SdNotify(false, message); err != nil {
		s.log.Warn("tell the service manager", "message", message, "error", err)
	}
}
