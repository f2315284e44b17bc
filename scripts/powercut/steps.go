package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// mostFetched is how many files may lie in the folder of downloads in the end: of one release the whole, a patch and their tags. The next
// update removes them.
const mostFetched = 4

var moments = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`)

// everyStep kills what a work runs before each of its durable steps, and looks at what is left each time. folder is for the devices.
func everyStep(ctx context.Context, t *tools, w work, folder string) (f figures, err error) {
	began := time.Now()
	defer func() { f.Took = time.Since(began) }()
	now, err := newDevice(ctx, t, filepath.Join(folder, "now"))
	if err != nil {
		return f, err
	}
	if err := w.before(ctx, now); err != nil {
		return f, err
	}
	for i, one := range w.does {
		if one.run == nil {
			if err := one.whole(ctx, now); err != nil {
				return f, err
			}
			continue
		}
		was := device{t, filepath.Join(folder, "was")}
		if err := copyTree(ctx, now.root, was.root); err != nil {
			return f, err
		}
		steps, err := now.counted(ctx, one, filepath.Join(folder, "steps"))
		if err != nil {
			return f, err
		}
		for step := 1; step <= steps; step++ {
			cut := device{t, filepath.Join(folder, "cut")}
			if err := copyTree(ctx, was.root, cut.root); err != nil {
				return f, err
			}
			what := fmt.Sprintf("%s: %s, before step %d of %d", w.name, strings.Join(one.run, " "), step, steps)
			if err := cut.killedBefore(ctx, one, step); err != nil {
				return f, fmt.Errorf("%s: %w", what, err)
			}
			if err := f.looks(ctx, w, i, cut, now); err != nil {
				return f, fmt.Errorf("%s: %w", what, err)
			}
		}
	}
	s, err := now.states()
	if err == nil {
		err = w.ended(s)
	}
	return f, err
}

// counted does a word to its end, and returns how many durable steps that took.
func (d device) counted(ctx context.Context, one word, file string) (int, error) {
	if err := errors.Join(os.RemoveAll(file), one.before(d)); err != nil {
		return 0, err
	}
	said, err := d.runs(ctx, one.run, "CALENDARBOT_TEST_STEPS="+file)
	if err := errors.Join(err, one.after(d, said)); err != nil {
		return 0, err
	}
	return readSteps(file)
}

// killedBefore does a word that kills itself before a durable step.
func (d device) killedBefore(ctx context.Context, one word, step int) error {
	if err := one.before(d); err != nil {
		return err
	}
	said, err := d.runs(ctx, one.run, fmt.Sprint("CALENDARBOT_TEST_CUT=", step))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return fmt.Errorf("it was not killed there: %w, %s", err, said)
	}
	return nil
}

// looks looks at a device after a cut in a word of a work, has it started and finish the work, and looks again. after is a device that did
// the word whole.
func (f *figures) looks(ctx context.Context, w work, word int, cut, after device) error {
	f.Cuts++
	left, err := cut.text()
	if err != nil {
		return err
	}
	whole, err := after.text()
	if err != nil {
		return err
	}
	if left == whole {
		f.New++
	} else {
		f.Former++
	}
	if len(cut.halfDone())+len(cut.fetched()) > 0 {
		f.Resumed++
	}
	if _, err := cut.check(ctx); err != nil {
		return fmt.Errorf("after the cut: %w", err)
	}
	return w.recovers(ctx, cut, word)
}

// recovers starts a device after a cut, and has it finish the work, from a word on.
func (w work) recovers(ctx context.Context, d device, word int) error {
	if err := start().whole(ctx, d); err != nil {
		return fmt.Errorf("at the start after the cut: %w", err)
	}
	if _, err := d.check(ctx); err != nil {
		return fmt.Errorf("after the start: %w", err)
	}
	if err := w.finish(ctx, d, word); err != nil {
		return fmt.Errorf("it does not come to its end: %w", err)
	}
	if _, err := d.check(ctx); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	if left := d.halfDone(); len(left) > 0 && !w.once {
		return fmt.Errorf("half done in the end: %v", left)
	}
	if left := d.fetched(); len(left) > mostFetched {
		return fmt.Errorf("downloaded and left in the end: %v", left)
	}
	return nil
}

func (d device) text() (string, error) {
	s, err := d.states()
	if err != nil {
		return "", err
	}
	return s.text()
}
