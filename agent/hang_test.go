//go:build hang

package main

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHang sees a loop beat until the signal, and then wait for a lock that nobody gives back.
func TestHang(t *testing.T) {
	beats := make(chan struct{})
	beat := hang(func() { beats <- struct{}{} })
	go func() {
		for {
			beat()
		}
	}()
	<-beats
	<-beats
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	stacks := make([]byte, 1<<20)
	for {
		for goroutine := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(goroutine, ".hang.func") && strings.Contains(goroutine, "Mutex).Lock") {
				return
			}
		}
		select {
		case <-beats: // the signal is on its way
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("it still beats")
		}
	}
}
