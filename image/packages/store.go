package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"calendarbot/scripts/debian"
)

// store keeps packages for the next time, each under its checksum.
type store struct{ folder string }

// openStore makes the folder, and waits while another one works with it. The store is free again after Close.
func openStore(folder string) (store, io.Closer, error) {
	if err := os.MkdirAll(filepath.Join(folder, "debs"), 0o755); err != nil {
		return store{}, nil, fmt.Errorf("make the cache: %w", err)
	}
	file, err := os.Create(filepath.Join(folder, "lock"))
	if err != nil {
		return store{}, nil, fmt.Errorf("lock the cache: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return store{}, nil, errors.Join(fmt.Errorf("lock the cache: %w", err), file.Close())
	}
	return store{folder}, file, nil
}

func (s store) path(deb debian.Deb) string {
	return filepath.Join(s.folder, "debs", deb.SHA256+".deb")
}

// has tells whether a package is there, and whole. A broken one is removed.
func (s store) has(deb debian.Deb) (bool, error) {
	hash, err := sum(s.path(deb))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case hash == deb.SHA256:
		return true, nil
	}
	return false, os.Remove(s.path(deb))
}

// fill downloads those packages that are missing, and says a line for each.
func (s store) fill(ctx context.Context, apt debian.Apt, debs []debian.Deb, say io.Writer) error {
	var missing []debian.Deb
	var total, done int64
	for _, deb := range debs {
		there, err := s.has(deb)
		if err != nil {
			return fmt.Errorf("look into the cache: %w", err)
		}
		if !there {
			missing = append(missing, deb)
			total += deb.Size
		}
	}
	for i, deb := range missing {
		if err := apt.Fetch(ctx, deb, s.path(deb)); err != nil {
			return err
		}
		if there, err := s.has(deb); err != nil || !there {
			return errors.Join(fmt.Errorf("download %s: it is not what was asked for", deb.File()), err)
		}
		done += deb.Size
		fmt.Fprintf(say, "packages: %d of %d, %.1f of %.1f MB: %s %s\n", i+1, len(missing), float64(done)/1e6, float64(total)/1e6, deb.Name, deb.Version)
	}
	return nil
}

// place puts packages into a folder under their own names, and removes others that were there.
func (s store) place(debs []debian.Deb, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder for the packages: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil {
		return fmt.Errorf("look into the folder for the packages: %w", err)
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove an old package: %w", err)
		}
	}
	for _, deb := range debs {
		to := filepath.Join(folder, deb.File())
		if err := os.Link(s.path(deb), to); err == nil {
			continue
		}
		if err := duplicate(s.path(deb), to); err != nil { // the cache is on another disk
			return fmt.Errorf("put %s into its folder: %w", deb.File(), err)
		}
	}
	return nil
}

func duplicate(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// sum is the SHA-256 of a file, in hexadecimal digits.
func sum(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}
