package run

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// watchdog is the service manager's, which waits for 12 s.
func watchdog(t *testing.T) *net.UnixConn {
	t.Helper()
	t.Setenv("WATCHDOG_USEC", "12000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	return manager(t)
}

// heard returns the messages that wait. It waits for none, so that the time of a bubble may go on.
func heard(t *testing.T, conn *net.UnixConn) (messages []string) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	for {
		n, nothing := 0, error(nil)
		err := raw.Read(func(fd uintptr) bool {
			n, _, nothing = syscall.Recvfrom(int(fd), buffer, syscall.MSG_DONTWAIT)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if nothing != nil {
			return messages
		}
		messages = append(messages, string(buffer[:n]))
	}
}

// expect checks which messages came.
func expect(t *testing.T, conn *net.UnixConn, want ...string) {
	t.Helper()
	if got := heard(t, conn); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestWatchdogIsToldWhileNobodyIsLate(t *testing.T) {
	conn := watchdog(t)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		web := task{name: "web", ready: make(chan struct{}), run: untilEnd}
		group := NewGroup(slog.New(slog.NewTextHandler(&log, nil)), web)
		var late atomic.Value
		late.Store([]string(nil))
		group.Watch(func() []string { return late.Load().([]string) })
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- group.Run(ctx) }()

		time.Sleep(time.Minute)
		expect(t, conn, "STATUS=starting: waiting for the web") // the watchdog counts from READY=1
		close(web.ready)
		synctest.Wait()
		expect(t, conn, "READY=1\nSTATUS=running", "WATCHDOG=1")
		time.Sleep(3999 * time.Millisecond)
		synctest.Wait()
		expect(t, conn)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		expect(t, conn, "WATCHDOG=1")

		late.Store([]string{"control", "refresher"})
		time.Sleep(4 * time.Second)
		synctest.Wait()
		expect(t, conn, "STATUS=standing still: control, refresher; the watchdog starts the program again unless that ends")
		group.Status("8 calendars") // that loops stand still matters more
		time.Sleep(12 * time.Second)
		synctest.Wait()
		expect(t, conn)
		late.Store([]string{"refresher"})
		time.Sleep(4 * time.Second)
		synctest.Wait()
		expect(t, conn, "STATUS=standing still: refresher; the watchdog starts the program again unless that ends")
		late.Store([]string(nil))
		time.Sleep(8 * time.Second)
		synctest.Wait()
		expect(t, conn, "STATUS=8 calendars", "WATCHDOG=1", "WATCHDOG=1")

		cancel()
		if err := <-result; err != nil {
			t.Error(err)
		}
		expect(t, conn, "STOPPING=1\nWATCHDOG=1\nSTATUS=stopping")
		time.Sleep(time.Minute)
		expect(t, conn)
	})
	for _, want := range []string{`late="control, refresher"`, "late=refresher", "nobody stands still any more"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("%s is not once in the log:\n%s", want, &log)
		}
	}
}

func TestWatchdogIsToldOnlyWhenItIsOurs(t *testing.T) {
	for _, c := range []struct{ name, usec, pid, log string }{
		{"there is none", "", "", ""},
		{"of another program", "12000000", "1", ""},
		{"no number", "soon", "", "WATCHDOG_USEC"},
		{"no time", "0", "", "WATCHDOG_USEC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WATCHDOG_USEC", c.usec)
			t.Setenv("WATCHDOG_PID", c.pid)
			conn := manager(t)
			var log bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				group := NewGroup(slog.New(slog.NewTextHandler(&log, nil)), ready("web", untilEnd))
				group.Watch(func() []string { t.Error("asked"); return nil })
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error, 1)
				go func() { result <- group.Run(ctx) }()
				time.Sleep(time.Hour)
				expect(t, conn, "READY=1\nSTATUS=running")
				cancel()
				if err := <-result; err != nil {
					t.Error(err)
				}
			})
			if c.log == "" && log.Len() > 0 || !strings.Contains(log.String(), c.log) {
				t.Errorf("log: %s", &log)
			}
		})
	}
}

func TestWatchdogWithoutWatchIsToldOfTheProgram(t *testing.T) {
	conn := watchdog(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := NewGroup(quiet(), ready("web", untilEnd)).Run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		expect(t, conn, "READY=1\nSTATUS=running", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1\nWATCHDOG=1\nSTATUS=stopping")
	})
}

func TestStatusIsToldWhenItIsAnother(t *testing.T) {
	conn := manager(t)
	synctest.Test(t, func(t *testing.T) {
		web := task{name: "web", ready: make(chan struct{}), run: untilEnd}
		group := NewGroup(quiet(), web)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- group.Run(ctx) }()
		synctest.Wait()
		group.Status("fine")
		expect(t, conn, "STATUS=starting: waiting for the web")
		close(web.ready)
		synctest.Wait()
		expect(t, conn, "READY=1\nSTATUS=fine")

		group.Status("fine")
		group.Status("memory is short:\nREADY=1\r\n  the cache\twas emptied")
		group.Status("memory is short: READY=1 the cache was emptied")
		expect(t, conn, "STATUS=memory is short: READY=1 the cache was emptied")
		group.Status(strings.Repeat("ö", maxStatus+1))
		expect(t, conn, "STATUS="+strings.Repeat("ö", maxStatus-1)+"…")
		group.Status("a\xffb")
		expect(t, conn, "STATUS=a?b")

		cancel()
		if err := <-result; err != nil {
			t.Error(err)
		}
		group.Status("late")
		expect(t, conn, "STOPPING=1\nWATCHDOG=1\nSTATUS=stopping")
	})
}
