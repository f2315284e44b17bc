package publish

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"calendarbot/agent/durable"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// file is one that waits to be written.
type file struct {
	name string
	data []byte
}

// writeFile writes a file that everybody may read, whole or not at all.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return durable.Write(name, data, 0o644)
}

// writeSecret does that for a file that its owner alone may read.
func writeSecret(name string, data []byte) error { return durable.Write(name, data, 0o600) }

// write writes a root of the repository.
func (r *Repository) write(name string, root *metadata.Metadata[metadata.RootType]) error {
	data, err := root.ToBytes(true)
	if err != nil {
		return err
	}
	return writeFile(r.metadata(name), data)
}

// lock keeps others from changing the repository meanwhile. It is the folder itself that is locked: nothing is left behind.
func (r *Repository) lock() (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Join(r.dir, "metadata"), 0o755); err != nil {
		return nil, err
	}
	unlock, err = lockFolder(r.dir, syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return nil, fmt.Errorf("another program is publishing to %s: %w", r.dir, err)
	}
	return unlock, nil
}

// lockFolder locks a folder, as flock(2) is told how.
func lockFolder(name string, how int) (unlock func(), err error) {
	folder, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(folder.Fd()), how); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	// Closing a folder that was only read cannot lose anything.
	return func() { folder.Close() }, nil
}
