package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	folderName  = "powercut-" // and digits
	mountedName = "mounted"   // where disks are mounted in it
)

// workFolder makes a folder in another one, to be removed with done. What is killed, as a test that takes too long, removes nothing: folders of those that
// live no more go with the next one. Each holds a lock on its own as long as it lives.
func workFolder(where string) (folder string, done func() error, err error) {
	all, err := lock(where, syscall.LOCK_EX) // nobody looks at a folder between its making and its lock
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	if err := sweep(where); err != nil {
		return "", nil, err
	}
	if folder, err = os.MkdirTemp(where, folderName); err != nil {
		return "", nil, err
	}
	own, err := lock(folder, syscall.LOCK_EX)
	if err != nil {
		return "", nil, err
	}
	return folder, func() error { return errors.Join(os.RemoveAll(folder), own.Close()) }, nil
}

// sweep removes the folders that nobody holds.
func sweep(where string) error {
	names, err := filepath.Glob(filepath.Join(where, folderName+"*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.Trim(strings.TrimPrefix(filepath.Base(name), folderName), "0123456789") != "" {
			continue // somebody else's
		}
		held, err := lock(name, syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, os.ErrPermission) {
			continue
		}
		if err != nil {
			return err
		}
		err = syscall.Unmount(filepath.Join(name, mountedName), syscall.MNT_DETACH)
		if errors.Is(err, syscall.EINVAL) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			err = nil // nothing is mounted there
		}
		if err == nil {
			err = os.RemoveAll(name)
		}
		if err := errors.Join(err, held.Close()); err != nil {
			return fmt.Errorf("remove what a killed one left: %w", err)
		}
	}
	return nil
}

// lock locks a folder as flock(2) is told how, until it is closed.
func lock(name string, how int) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
	return f, nil
}
