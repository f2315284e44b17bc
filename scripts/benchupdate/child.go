package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/update/patch"
)

// cost is what something took.
type cost struct {
	Seconds float64 `json:"seconds"`
	Memory  int64   `json:"memory"`  // bytes, at most at a time
	Written int64   `json:"written"` // bytes handed to the disk
}

// applyOnce applies a patch as a device does, in a process of its own, and tells what that took.
func applyOnce(old, made, to string, most int64, out io.Writer) (err error) {
	began := time.Now()
	from, err := os.Open(old)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	in, err := os.Open(made)
	if err != nil {
		return err
	}
	defer in.Close()
	program, err := os.Create(to)
	if err != nil {
		return err
	}
	if err := errors.Join(patch.Apply(from, info.Size(), in, program, most), program.Sync(), program.Close()); err != nil {
		return err
	}
	memory, err := field("/proc/self/status", "VmHWM:")
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(cost{Seconds: time.Since(began).Seconds(), Memory: memory << 10})
}

// watch runs a program and tells what it took. It is small itself: the kernel counts the memory of who starts a program for the program too.
func watch(ctx context.Context, args []string, out io.Writer) error {
	began := time.Now()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	// Its figures are read when it has ended and before it is forgotten.
	const exited, keep = 4, 0x01000000 // WEXITED, WNOWAIT
	for {
		_, _, e := syscall.Syscall6(syscall.SYS_WAITID, 1 /* P_PID */, uintptr(cmd.Process.Pid), 0, exited|keep, 0, 0)
		if e == 0 {
			break
		}
		if e != syscall.EINTR {
			return fmt.Errorf("wait for %s: %w", args[0], e)
		}
	}
	took := time.Since(began)
	written, err := field(fmt.Sprintf("/proc/%d/io", cmd.Process.Pid), "write_bytes:")
	if err := errors.Join(cmd.Wait(), err); err != nil {
		return err
	}
	usage, known := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !known {
		return errors.New("the kernel tells nothing of its memory")
	}
	return json.NewEncoder(out).Encode(cost{Seconds: took.Seconds(), Memory: usage.Maxrss << 10, Written: written})
}

// field is a number in a file of the kernel's.
func field(name, key string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), key); found {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, errors.Join(fmt.Errorf("%s has no %s", name, key), lines.Err())
}

// measured runs a program that prints its cost.
func measured(ctx context.Context, name string, args ...string) (cost, error) {
	text, err := output(ctx, name, args...)
	if err != nil {
		return cost{}, err
	}
	var c cost
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return cost{}, fmt.Errorf("read what %s took: %w", name, err)
	}
	return c, nil
}
