package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"calendarbot/scripts/debian"
)

// What the image's packages are.
const (
	release      = "trixie"
	architecture = "arm64"
)

func components() []string { return []string{"main", "non-free-firmware"} }

// task is what is to be done.
type task struct {
	list, lock  string // files
	into, tsv   string // a folder, and a file that may be none
	cache       string
	strict      bool // whether the lock holds, come what may
	find        func(context.Context) (debian.Archive, []string, error)
	out, errors io.Writer
}

// archive is the mirror's, with the suites that it does not have.
func archive(ctx context.Context) (debian.Archive, []string, error) {
	mirror, err := debian.FindMirror(ctx)
	if err != nil {
		return debian.Archive{}, nil, err
	}
	suites, missing, err := mirror.Suites(ctx, release)
	if err != nil {
		return debian.Archive{}, nil, err
	}
	return debian.Archive{Suites: suites, Components: components(), Architecture: architecture, Keyring: debian.Keyring}, missing, nil
}

// fetch puts an image's packages into a folder, and beside them what they are and how they differ from the lock. Where
// the lock is for this very list and all of its packages are in the cache, it asks nobody.
func fetch(ctx context.Context, t task) error {
	wanted, locked, err := t.read()
	if err != nil {
		return err
	}
	s, free, err := openStore(t.cache)
	if err != nil {
		return err
	}
	defer free.Close()
	debs, complete, err := s.cached(wanted, locked)
	if err != nil {
		return err
	}
	if !complete {
		apt, err := t.apt(ctx)
		if err != nil {
			return err
		}
		if err := apt.Prefer(locked.versions()); err != nil {
			return err
		}
		if debs, err = resolve(ctx, apt, s, wanted); err != nil {
			return err
		}
		differences, err := t.judge(locked, debs)
		if err != nil {
			return err
		}
		if err := s.fill(ctx, apt, debs, t.errors); err != nil {
			return err
		}
		return t.leave(ctx, s, debs, differences)
	}
	return t.leave(ctx, s, debs, nil)
}

// refresh writes a new lock, with the newest of all packages, and says what is different from the old one.
func refresh(ctx context.Context, t task) error {
	wanted, locked, err := t.read()
	if err != nil {
		return err
	}
	s, free, err := openStore(t.cache)
	if err != nil {
		return err
	}
	defer free.Close()
	apt, err := t.apt(ctx)
	if err != nil {
		return err
	}
	debs, err := resolve(ctx, apt, s, wanted)
	if err != nil {
		return err
	}
	differences, err := locked.compare(debs)
	if err != nil {
		return err
	}
	for _, line := range differences {
		fmt.Fprintln(t.out, line)
	}
	if err := os.WriteFile(t.lock, []byte(lock{wanted.mark(), debs}.String()), 0o644); err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	fmt.Fprintf(t.out, "packages: %d locked, %d different from before\n", len(debs), len(differences))
	return nil
}

// read reads list and lock; without a lock nothing is locked, which a strict task does not take.
func (t task) read() (list, lock, error) {
	text, err := os.ReadFile(t.list)
	if err != nil {
		return list{}, lock{}, fmt.Errorf("read the list of packages: %w", err)
	}
	wanted, err := readList(string(text))
	if err != nil {
		return list{}, lock{}, err
	}
	text, err = os.ReadFile(t.lock)
	if err != nil && (t.strict || !errors.Is(err, fs.ErrNotExist)) {
		return list{}, lock{}, fmt.Errorf("read the lock: %w", err)
	}
	locked, err := readLock(string(text))
	return wanted, locked, err
}

// apt is one that has asked the archive.
func (t task) apt(ctx context.Context) (debian.Apt, error) {
	from, missing, err := t.find(ctx)
	if err != nil {
		return debian.Apt{}, err
	}
	for _, name := range missing {
		fmt.Fprintf(t.errors, "packages: the mirror does not have %s; going on without\n", name)
	}
	apt, err := debian.New(filepath.Join(t.cache, "apt"), from)
	if err != nil {
		return debian.Apt{}, err
	}
	return apt, apt.Update(ctx)
}

// cached returns the locked packages when they are for this list and all here.
func (s store) cached(wanted list, locked lock) ([]debian.Deb, bool, error) {
	if locked.mark != wanted.mark() {
		return nil, false, nil
	}
	for _, deb := range locked.debs {
		if there, err := s.has(deb); err != nil || !there {
			return nil, false, err
		}
	}
	return locked.debs, true, nil
}

// resolve returns the packages that a list asks for.
func resolve(ctx context.Context, apt debian.Apt, s store, wanted list) ([]debian.Deb, error) {
	var debs []debian.Deb
	if len(wanted.whole) > 0 {
		found, err := apt.Resolve(ctx, wanted.whole...)
		if err != nil {
			return nil, fmt.Errorf("find the packages: %w", err)
		}
		debs = found
	}
	add := func(deb debian.Deb) {
		if !slices.ContainsFunc(debs, func(d debian.Deb) bool { return d.Name == deb.Name }) {
			debs = append(debs, deb)
		}
	}
	for _, name := range wanted.lone {
		deb, err := apt.Lone(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("find a package: %w", err)
		}
		add(deb)
		if err := s.fill(ctx, apt, []debian.Deb{deb}, io.Discard); err != nil {
			return nil, err
		}
		meta, err := debian.Meta(ctx, s.path(deb))
		if err != nil {
			return nil, err
		}
		if !meta {
			continue
		}
		control, err := debian.ReadControl(ctx, s.path(deb))
		if err != nil {
			return nil, err
		}
		first, err := control.First()
		if err != nil {
			return nil, fmt.Errorf("look what %s stands for: %w", name, err)
		}
		if deb, err = apt.Lone(ctx, first); err != nil {
			return nil, fmt.Errorf("find what %s stands for: %w", name, err)
		}
		add(deb)
	}
	slices.SortFunc(debs, byName)
	return debs, nil
}

// judge says how packages differ from the lock, which is an error when it must hold.
func (t task) judge(locked lock, debs []debian.Deb) ([]string, error) {
	differences, err := locked.compare(debs)
	if err != nil {
		return nil, err
	}
	if t.strict && len(differences) > 0 {
		return nil, fmt.Errorf("the mirror has other packages than the lock (make image-lock):\n  %s", strings.Join(differences, "\n  "))
	}
	return differences, nil
}

// leave puts everything into its folder.
func (t task) leave(ctx context.Context, s store, debs []debian.Deb, differences []string) error {
	if err := s.place(debs, t.into); err != nil {
		return err
	}
	var table, list strings.Builder
	for _, deb := range debs {
		control, err := debian.ReadControl(ctx, s.path(deb))
		if err != nil {
			return err
		}
		source := control["Source"]
		if source == "" {
			source = deb.Name
		}
		fmt.Fprintf(&table, "%s\t%s\t%s\t%s\t%s\n", deb.Name, deb.Version, deb.Architecture, source, deb.SHA256)
	}
	for _, line := range differences {
		fmt.Fprintln(&list, line)
	}
	texts := map[string]string{filepath.Join(t.into, "packages.tsv"): table.String(), filepath.Join(t.into, "differences.txt"): list.String()}
	if t.tsv != "" {
		texts[t.tsv] = table.String()
	}
	for name, text := range texts {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write what the packages are: %w", err)
		}
	}
	fmt.Fprintf(t.out, "packages: %d in %s, %d different from the lock\n", len(debs), t.into, len(differences))
	return nil
}
