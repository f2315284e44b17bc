//go:build powercut

package durable

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// cuts is how many durable steps this program made, and where it ends.
type cuts struct {
	mu    sync.Mutex
	made  int
	last  int    // the step that it does not make; 0: none
	tells string // the file that says how many it made; "": none
}

var program = sync.OnceValue(func() *cuts {
	last, err := strconv.Atoi(os.Getenv("CALENDARBOT_TEST_CUT"))
	if err != nil {
		last = 0
	}
	return &cuts{last: last, tells: os.Getenv("CALENDARBOT_TEST_STEPS")}
})

// step is before each thing that a power cut may fall in front of: a file made, written, synced, renamed or removed, a folder made or
// synced. In front of step number CALENDARBOT_TEST_CUT, from 1, the program kills itself. CALENDARBOT_TEST_STEPS names a file
// that says how many steps were made.
func step() {
	c := program()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	if c.made == c.last {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {}
	}
	if c.tells == "" {
		return
	}
	if err := os.WriteFile(c.tells, fmt.Appendln(nil, c.made), 0o600); err != nil {
		panic(err)
	}
}
