package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// diskSize is that of the file system, in bytes: some programs, and what an update keeps free.
const diskSize = 64 << 20

// errNoDisk says that this machine has no loop devices, or not for this user.
var errNoDisk = errors.New("this machine lets nobody mount a file system from a file")

// disk is an ext4 in a file, mounted through a loop device.
type disk struct{ file, at string }

func (d disk) mount(ctx context.Context, options string) error {
	if err := os.MkdirAll(d.at, 0o755); err != nil {
		return err
	}
	return tool(ctx, "mount", "-t", "ext4", "-o", "loop,"+options, d.file, d.at)
}

// unmount waits for what was killed to be gone.
func (d disk) unmount(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // nothing is to stay mounted
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := tool(ctx, "umount", d.at)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		<-time.After(20 * time.Millisecond)
	}
}

func tool(ctx context.Context, name string, args ...string) error {
	if said, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// bench tries works on a real file system.
type bench struct {
	t      *tools
	folder string
	ready  map[string]prepared // by the name of a work
}

// prepared is a disk on which a work may begin.
type prepared struct {
	file  string
	took  time.Duration // the whole work, uncut
	after []string      // the states before it, and after each word
}

func newBench(ctx context.Context, t *tools, folder string) (*bench, error) {
	b := &bench{t: t, folder: folder, ready: map[string]prepared{}}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: only root does", errNoDisk)
	}
	d := disk{filepath.Join(folder, "probe"), filepath.Join(folder, mountedName)}
	if err := d.make(ctx); err != nil {
		return nil, err
	}
	if err := d.mount(ctx, "noatime"); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoDisk, err)
	}
	return b, errors.Join(d.unmount(ctx), os.Remove(d.file))
}

// make makes the file system, empty.
func (d disk) make(ctx context.Context) error {
	if err := os.RemoveAll(d.file); err != nil {
		return err
	}
	f, err := os.Create(d.file)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(diskSize), f.Close()); err != nil {
		return err
	}
	return tool(ctx, "mkfs.ext4", "-q", d.file)
}

// prepare makes the disk on which a work begins, and does the work on another one to see how long it takes.
func (b *bench) prepare(ctx context.Context, w work) (p prepared, err error) {
	if p, there := b.ready[w.name]; there {
		return p, nil
	}
	p.file = filepath.Join(b.folder, strings.ReplaceAll(w.name, " ", "-")+".img")
	d := disk{p.file, filepath.Join(b.folder, mountedName)}
	if err := d.make(ctx); err != nil {
		return p, err
	}
	if err := d.mount(ctx, "noatime"); err != nil {
		return p, err
	}
	dev, err := newDevice(ctx, b.t, filepath.Join(d.at, "device"))
	if err == nil {
		err = w.before(ctx, dev)
	}
	if err = errors.Join(err, d.unmount(ctx)); err != nil {
		return p, err
	}
	trial := disk{filepath.Join(b.folder, "trial.img"), d.at}
	if err := copyDisk(ctx, p.file, trial.file); err != nil {
		return p, err
	}
	if err := trial.mount(ctx, "noatime"); err != nil {
		return p, err
	}
	began := time.Now()
	text, err := dev.text()
	p.after = append(p.after, text)
	for _, one := range w.does {
		if err == nil {
			err = one.whole(ctx, dev)
		}
		if err == nil {
			text, err = dev.text()
			p.after = append(p.after, text)
		}
	}
	p.took = time.Since(began)
	if err = errors.Join(err, trial.unmount(ctx)); err == nil {
		b.ready[w.name] = p
	}
	return p, err
}

func copyDisk(ctx context.Context, from, to string) error {
	return tool(ctx, "cp", "--sparse=always", from, to)
}

// chosenBy is the work that a seed chooses, and the random numbers for the rest.
func chosenBy(seed uint64) (work, *rand.Rand) {
	random := rand.New(rand.NewPCG(seed, 0))
	all := works()
	if random.IntN(3) == 0 {
		return all[random.IntN(2)], random // updates have most to lose
	}
	return all[random.IntN(len(all))], random
}

// cut does a work that the random numbers choose, cuts it at a random moment, and looks at what is left.
func (b *bench) cut(ctx context.Context, seed uint64) (f figures, what string, err error) {
	began := time.Now()
	w, random := chosenBy(seed)
	p, err := b.prepare(ctx, w)
	if err != nil {
		return f, w.name, fmt.Errorf("%s: %w", w.name, err)
	}
	moment := time.Duration(random.Float64() * 1.05 * float64(p.took))
	commit := []string{"commit=1", "commit=5", "commit=300"}[random.IntN(3)]
	frozen := random.IntN(2) == 0
	what = fmt.Sprintf("%s, cut after %s (%s)", w.name, moment.Round(time.Millisecond), commit)

	live := disk{filepath.Join(b.folder, "live.img"), filepath.Join(b.folder, mountedName)}
	left := disk{filepath.Join(b.folder, "left.img"), live.at}
	if err := copyDisk(ctx, p.file, live.file); err != nil {
		return f, what, err
	}
	if err := live.mount(ctx, "noatime,"+commit); err != nil {
		return f, what, err
	}
	dev := device{b.t, filepath.Join(live.at, "device")}
	word, err := dev.powerCut(ctx, w, moment, frozen, func() error { return live.leaves(ctx, left.file) })
	if err = errors.Join(err, live.unmount(ctx)); err != nil {
		return f, what, err
	}
	// Mounting replays the journal; what is left then has to be whole.
	if err := errors.Join(left.mount(ctx, "noatime"), left.unmount(ctx)); err != nil {
		return f, what, err
	}
	if err := tool(ctx, "e2fsck", "-fn", left.file); err != nil {
		return f, what, err
	}
	if err := left.mount(ctx, "noatime"); err != nil {
		return f, what, err
	}
	err = f.survives(ctx, w, p, word, dev)
	f.Took = time.Since(began)
	return f, what, errors.Join(err, left.unmount(ctx))
}

// powerCut does a work until a moment, and then takes the picture of the disk. It returns the word that was cut; as many as there are when
// it had come to its end.
func (d device) powerCut(ctx context.Context, w work, moment time.Duration, frozen bool, picture func() error) (word int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	power := time.NewTimer(moment)
	defer power.Stop()
	for i, one := range w.does {
		if one.do != nil {
			if err := one.do(d); err != nil {
				return i, err
			}
			continue
		}
		if err := one.before(d); err != nil {
			return i, err
		}
		var said strings.Builder
		c := d.command(ctx, one.run)
		c.Stdout = &said
		if err := c.Start(); err != nil {
			return i, err
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case err := <-ended:
			if err := errors.Join(err, one.after(d, said.String())); err != nil {
				return i, err
			}
		case <-power.C:
			// A program that is stopped has closed nothing, which is what the power does; one that is killed first has.
			signal := syscall.SIGKILL
			if frozen {
				signal = syscall.SIGSTOP
			}
			err := syscall.Kill(-c.Process.Pid, signal)
			if errors.Is(err, syscall.ESRCH) {
				err = nil // it ended just now
			}
			if !frozen {
				<-ended
			}
			err = errors.Join(err, picture())
			if killed := syscall.Kill(-c.Process.Pid, syscall.SIGKILL); !errors.Is(killed, syscall.ESRCH) {
				err = errors.Join(err, killed)
			}
			if frozen {
				<-ended
			}
			return i, err
		}
	}
	return len(w.does), picture()
}

// leaves copies the file behind a mounted file system: what is in the memory of the machine alone is not there, as after a power cut. What is
// written meanwhile would make it a picture of no moment, so it is taken again then.
func (d disk) leaves(ctx context.Context, to string) error {
	for range 50 {
		before, err := d.written(ctx)
		if err != nil {
			return err
		}
		if err := copyDisk(ctx, d.file, to); err != nil {
			return err
		}
		after, err := d.written(ctx)
		if err != nil || before == after {
			return err
		}
	}
	return errors.New("the disk is written to all the time")
}

// written is how many sectors were written to the loop device, those included that are on their way.
func (d disk) written(ctx context.Context) (int, error) {
	out, err := exec.CommandContext(ctx, "losetup", "--noheadings", "--output", "NAME", "--associated", d.file).Output()
	if err != nil {
		return 0, fmt.Errorf("find the loop device: %w", err)
	}
	text, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(strings.TrimSpace(string(out))), "stat"))
	if err != nil {
		return 0, err
	}
	const sectors, flying = 6, 8
	fields := strings.Fields(string(text))
	if len(fields) <= flying {
		return 0, fmt.Errorf("the loop device says %q", text)
	}
	done, err := strconv.Atoi(fields[sectors])
	if err != nil {
		return 0, err
	}
	under, err := strconv.Atoi(fields[flying])
	return done + under, err
}

// survives looks at a device after a cut, and has it finish.
func (f *figures) survives(ctx context.Context, w work, p prepared, word int, d device) error {
	f.Cuts = 1
	if err := os.RemoveAll(filepath.Join(d.root, "run")); err != nil { // it lies in memory on a device
		return err
	}
	left, err := d.text()
	if err != nil {
		return err
	}
	// What was told to be done is done.
	if at := slices.Index(p.after, left); at >= 0 && at < word && !slices.Contains(p.after[word:], left) {
		return fmt.Errorf("%d words were done to their end, and what the last ones did is gone: %s", word, left)
	}
	if slices.Index(p.after, left) == len(p.after)-1 && p.after[0] != left || word == len(w.does) {
		f.New = 1
	} else {
		f.Former = 1
	}
	if len(d.halfDone())+len(d.fetched()) > 0 {
		f.Resumed = 1
	}
	if _, err := d.check(ctx); err != nil {
		return fmt.Errorf("after the cut: %w", err)
	}
	return w.recovers(ctx, d, word)
}
