package conn

import (
	"errors"
	"slices"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// IsCorrupt tells that the file is damaged or not a database.
func IsCorrupt(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB)
}

// IsFull tells that there is no room left on the disk, or for this user on it, or that the file
// may not grow any further (a limit of the process, or of the file system).
func IsFull(err error) bool {
	full := []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	for _, errno := range full {
		if errors.Is(err, errno) {
			return true
		}
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrFull || slices.Contains(full, e.SystemErrno))
}

// IsBusy tells that somebody else held the database for longer than the busy timeout.
func IsBusy(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// IsReadOnly tells that the file or its disk does not allow writing.
func IsReadOnly(err error) bool {
	if errors.Is(err, syscall.EROFS) {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrReadonly
}
