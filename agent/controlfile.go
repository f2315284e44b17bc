package main

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// leftAlone is how long a configuration file that the watch saw change must have been left alone before it is taken. Who writes it may
// not be done, and half a file can be a valid one: a file that is shorter than the one that holds, empty, or gone (size less than 0)
// is given more time. SIGHUP and "config reload" wait for nothing.
func leftAlone(size, accepted int64) time.Duration {
	if size <= 0 || size < accepted {
		return 10 * time.Second
	}
	return time.Second
}

// unsettled is a configuration file that changed and was not taken yet.
type unsettled struct {
	file string
	at   time.Time   // of its last change
	due  *time.Timer // when to look whether it was left alone
}

func newUnsettled(file string) *unsettled {
	u := &unsettled{file: file, due: time.NewTimer(time.Hour)}
	u.due.Stop()
	return u
}

// touched notes a change of the file.
func (u *unsettled) touched(accepted int) {
	u.at = time.Now()
	u.due.Reset(leftAlone(sizeOf(u.file), int64(accepted)))
}

// left tells whether the file, of which due told, was left alone as long as it must be now; if not, due tells again.
func (u *unsettled) left(accepted int) bool {
	if wait := leftAlone(sizeOf(u.file), int64(accepted)) - time.Since(u.at); wait > 0 {
		u.due.Reset(wait)
		return false
	}
	return true
}

// sizeOf is the size of a file; -1 when it is not there, 0 when that cannot be told.
func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return -1
	case err != nil:
		return 0
	}
	return info.Size()
}
