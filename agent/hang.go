//go:build hang

package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// hang makes a loop stand still for ever at its next beat after SIGUSR2, as one would that waits for a lock which it holds itself: so
// the watchdog is tried. It is in no program but those built with the tag hang.
func hang(beat func()) func() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR2)
	return func() {
		select {
		case <-asked:
			var mu sync.Mutex
			mu.Lock()
			mu.Lock()
		default:
		}
		beat()
	}
}
