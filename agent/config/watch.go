package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// tempo is how long Watch waits.
type tempo struct {
	quiet  time.Duration // nothing may have happened for so long before a change is told
	latest time.Duration // after so long it is told even so
	again  time.Duration // between two looks for a directory that is not there
}

// Watch calls changed after one of the files, or a file of those names in the same directories, was written, renamed, made or
// removed, until ctx ends. It watches the directories, as editors rename; several changes in a short time are told
// once. A directory that is not there is looked for again from time to time. Empty names are passed over. A link that is
// among the files is watched itself, not what it leads to. A change is told when nothing more has happened for quiet, after
// 3 s even so. The error says that nothing is watched any more.
func Watch(ctx context.Context, quiet time.Duration, files []string, changed func(file string)) error {
	return tempo{quiet: quiet, latest: 3 * time.Second, again: 30 * time.Second}.watch(ctx, files, changed)
}

func (p tempo) watch(ctx context.Context, files []string, changed func(file string)) (err error) {
	kernel, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the configuration: %w", err)
	}
	w := watched{kernel: kernel, files: map[string]string{}, missing: map[string]bool{}, news: map[string]bool{}}
	defer func() {
		if err = errors.Join(err, kernel.Close()); err != nil {
			err = fmt.Errorf("watch the configuration: %w", err)
		}
	}()
	if err := w.begin(files); err != nil {
		return err
	}

	var burst burst
	tell, look := stopped(), stopped()
	looking := false
	for {
		if len(w.missing) > 0 && !looking {
			look.Reset(p.again)
			looking = true
		}
		if w.fresh {
			now := time.Now()
			tell.Reset(burst.due(now, p).Sub(now))
			w.fresh = false
		}
		select {
		case <-ctx.Done():
			return nil
		case event := <-kernel.Events:
			err = w.note(event)
		case err = <-kernel.Errors:
			err = w.trouble(err)
		case <-look.C:
			looking = false
			err = w.look()
		case <-tell.C:
			for _, file := range slices.Sorted(maps.Keys(w.news)) {
				changed(file)
			}
			clear(w.news)
			burst.first = time.Time{}
		}
		if err != nil {
			return err
		}
	}
}

// stopped is a timer that has nothing to wait for yet.
func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// burst is several changes that are told once.
type burst struct{ first time.Time }

// due is when a burst is told of which something happens now.
func (b *burst) due(now time.Time, p tempo) time.Time {
	if b.first.IsZero() {
		b.first = now
	}
	due := now.Add(p.quiet)
	if last := b.first.Add(p.latest); due.After(last) {
		return last
	}
	return due
}

// watched is what is watched, and what happened to it.
type watched struct {
	kernel  *fsnotify.Watcher
	files   map[string]string // absolute name -> as it was given
	missing map[string]bool   // directories that are not there
	news    map[string]bool   // files that changed, as they were given
	fresh   bool              // news came
}

// changed notes that a file changed, by its name as it was given.
func (w *watched) changed(file string) { w.news[file], w.fresh = true, true }

// begin watches the directories of files. What is there at first is no news.
func (w *watched) begin(files []string) error {
	for _, file := range files {
		if file == "" {
			continue
		}
		name, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		w.files[name] = file
		w.missing[filepath.Dir(name)] = true
	}
	err := w.look()
	clear(w.news)
	w.fresh = false
	return err
}

// look watches the directories that were missing, if they are there now.
func (w *watched) look() error {
	for dir := range w.missing {
		err := w.kernel.Add(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", dir, err)
		}
		delete(w.missing, dir)
		for name, file := range w.files {
			if _, err := os.Lstat(name); err == nil && filepath.Dir(name) == dir {
				w.changed(file)
			}
		}
	}
	return nil
}

// note takes an event of the kernel in.
func (w *watched) note(event fsnotify.Event) error {
	name := filepath.Clean(event.Name)
	if file, ours := w.files[name]; ours {
		w.changed(file)
		return nil
	}
	if !event.Has(fsnotify.Remove) && !event.Has(fsnotify.Rename) {
		return nil
	}
	// A directory that is gone, and all that was in it.
	gone := false
	for file, given := range w.files {
		if filepath.Dir(file) == name {
			gone, w.missing[name] = true, true
			w.changed(given)
		}
	}
	if !gone {
		return nil
	}
	return w.look()
}

// trouble takes an error of the kernel in: when events were lost, any of the files may have changed.
func (w *watched) trouble(err error) error {
	if !errors.Is(err, fsnotify.ErrEventOverflow) {
		return err
	}
	for _, file := range w.files {
		w.changed(file)
	}
	return nil
}
