package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// lookAtClock is how often the file of a shifted clock is read again.
const lookAtClock = 50 * time.Millisecond

// shifted is the system's clock moved by what a file says, a Go duration such as -8760h. The file is read again and again, so
// that a test can make the time jump while the program runs. Only the wall clock moves: waiting uses real time, as it does when
// somebody sets the clock of a device.
type shifted struct {
	file   string
	began  time.Time    // for the monotonic clock
	read   atomic.Int64 // when the file was read last, since began
	offset atomic.Int64
}

// newShifted reads the file once.
func newShifted(file string) (*shifted, error) {
	s := &shifted{file: file, began: time.Now()}
	return s, s.look()
}

func (s *shifted) look() error {
	text, err := os.ReadFile(s.file)
	if err != nil {
		return fmt.Errorf("read the clock of a test: %w", err)
	}
	offset, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("read the clock of a test: %s: %w", s.file, err)
	}
	s.offset.Store(int64(offset))
	return nil
}

// now is the moved time, without a monotonic reading. While the file cannot be read the last offset holds.
func (s *shifted) now() time.Time {
	since, last := int64(time.Since(s.began)), s.read.Load()
	if since-last >= int64(lookAtClock) && s.read.CompareAndSwap(last, since) {
		if s.look() != nil {
			s.read.Store(last) // again at once
		}
	}
	return time.Now().Round(0).Add(time.Duration(s.offset.Load()))
}
