package run

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// monotonic is the clock that the service manager compares with, in microseconds.
func monotonic(t *testing.T) int64 {
	t.Helper()
	const clock = 1 // CLOCK_MONOTONIC
	var now syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		t.Fatal(errno)
	}
	return now.Nano() / 1000
}

func TestReloadIsTold(t *testing.T) {
	conn := manager(t)
	web := task{name: "web server", ready: make(chan struct{}), run: untilEnd}
	group := NewGroup(quiet(), web)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- group.Run(ctx) }()
	if got := hear(t, conn); got != "STATUS=starting: waiting for the web server" {
		t.Errorf("got %q", got)
	}

	early := 0
	group.Reload(func() string { early++; return "reloaded" })
	silent(t, conn) // READY=1 would be a lie
	close(web.ready)
	if got := hear(t, conn); got != "READY=1\nSTATUS=running" || early != 1 {
		t.Errorf("got %q; the configuration was read %d times", got, early)
	}

	for range 2 {
		before := monotonic(t)
		group.Reload(func() string {
			got := hear(t, conn)
			parts := regexp.MustCompile(`^RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=reading the configuration$`).FindStringSubmatch(got)
			if parts == nil {
				t.Errorf("got %q", got)
				return ""
			}
			if at, err := strconv.ParseInt(parts[1], 10, 64); err != nil || at < before || at > monotonic(t) {
				t.Errorf("told at %s, the clock went from %d to %d (%v)", parts[1], before, monotonic(t), err)
			}
			silent(t, conn)
			return "running with what was said"
		})
		if got := hear(t, conn); got != "READY=1\nSTATUS=running with what was said" {
			t.Errorf("got %q", got)
		}
	}

	group.Reload(func() string {
		hear(t, conn)
		cancel()
		if got := hear(t, conn); got != "STOPPING=1\nWATCHDOG=1\nSTATUS=stopping" {
			t.Errorf("got %q", got)
		}
		return "running"
	})
	if err := <-result; err != nil {
		t.Error(err)
	}
	group.Reload(func() string { return "late" })
	silent(t, conn)
}

func TestReloadsAreToldOneAfterTheOther(t *testing.T) {
	conn := manager(t)
	group := NewGroup(quiet(), ready("web server", untilEnd))
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- group.Run(ctx) }()
	hear(t, conn)
	const reloads = 8
	var all sync.WaitGroup
	under := 0 // without a lock of its own: -race tells when two run at once
	for range reloads {
		all.Go(func() { group.Reload(func() string { under++; return "running" }) })
	}
	for range reloads {
		if got := hear(t, conn); got[:len("RELOADING=1")] != "RELOADING=1" {
			t.Errorf("got %q", got)
		}
		if got := hear(t, conn); got != "READY=1\nSTATUS=running" {
			t.Errorf("got %q", got)
		}
	}
	all.Wait()
	if under != reloads {
		t.Errorf("%d of %d were made", under, reloads)
	}
	cancel()
	if err := <-result; err != nil {
		t.Error(err)
	}
}
