package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// The longest name of a socket that the system takes, in bytes.
const maxSocketName = 107

// listenLocal listens on the local socket that the command line talks to: for the program's own user and group, in a
// directory that is made when it is missing. A socket that a program left behind is replaced; one that somebody listens on, or a
// file that is no socket, is not. Without a name it returns nil.
func listenLocal(file string) (net.Listener, error) {
	if file == "" {
		return nil, nil
	}
	if len(file) > maxSocketName {
		return nil, fmt.Errorf("listen on the local socket %s: its name has %d bytes; allowed are %d (web.socket)", file, len(file), maxSocketName)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("listen on the local socket (web.socket): %w", err)
	}
	if err := removeStale(file); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", file)
	if err != nil {
		return nil, fmt.Errorf("listen on the local socket (web.socket): %w", err)
	}
	if err := os.Chmod(file, 0o660); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on the local socket (web.socket): %w", err), l.Close())
	}
	return l, nil
}

// removeStale removes a socket that nobody listens on.
func removeStale(file string) error {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("listen on the local socket (web.socket): %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen on the local socket %s: there is a file that is no socket; remove it, or name another as web.socket", file)
	}
	c, err := net.Dial("unix", file)
	if err == nil {
		return errors.Join(fmt.Errorf("listen on the local socket %s: another program listens there; stop it, or name another as web.socket", file), c.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("look who listens on the local socket (web.socket): %w", err)
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("replace the socket that a program left behind: %w", err)
	}
	return nil
}
