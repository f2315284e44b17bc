package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// hogPiece is what a hog takes at a time.
const hogPiece = 256 << 10

// hog reads how many bytes of memory to hold, a number in each line, holds them, and says so in a line. It offers itself to the
// kernel as the first to be killed.
func hog(in io.Reader, out io.Writer) error {
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0o644); err != nil {
		return fmt.Errorf("offer to be killed first: %w", err)
	}
	var held [][]byte
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		bytes, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil || bytes < 0 || bytes > 4*limitBytes {
			return fmt.Errorf("hold %q bytes: 0 to %d are allowed", lines.Text(), 4*limitBytes)
		}
		for len(held)*hogPiece < bytes {
			piece, err := syscall.Mmap(-1, 0, hogPiece, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			if err != nil {
				return fmt.Errorf("take memory: %w", err)
			}
			for i := 0; i < len(piece); i += 4096 {
				piece[i] = 1 // a page that nobody wrote to takes none
			}
			held = append(held, piece)
		}
		for n := len(held); n > 0 && (n-1)*hogPiece >= bytes; n = len(held) {
			if err := syscall.Munmap(held[n-1]); err != nil {
				return fmt.Errorf("give memory back: %w", err)
			}
			held = held[:n-1]
		}
		if _, err := fmt.Fprintln(out, bytes); err != nil {
			return err
		}
	}
	return lines.Err()
}

// hogProgram is a running hog.
type hogProgram struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // what it says; closed at its end
	holds uint64
}

// startHog starts this program as a hog inside the group.
func startHog(g *group, self []string) (*hogProgram, error) {
	args := append(g.enter(), self...)
	h := &hogProgram{cmd: exec.Command(args[0], args[1:]...), lines: make(chan string, 1)}
	h.cmd.Env = append(os.Environ(), asHog+"=1")
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a hog: %w", err)
	}
	go func() {
		defer close(h.lines)
		for said := bufio.NewScanner(out); said.Scan(); {
			h.lines <- said.Text()
		}
	}()
	return h, nil
}

// asHog makes a test's binary a hog.
const asHog = "RUN_AS_HOG"

// errHogEnded says that a hog is gone.
var errHogEnded = errors.New("the hog has ended")

// hold makes it hold so many bytes, and waits until it does.
func (h *hogProgram) hold(ctx context.Context, bytes uint64) error {
	if _, err := fmt.Fprintln(h.in, bytes); err != nil {
		return errors.Join(errHogEnded, err)
	}
	select {
	case _, runs := <-h.lines:
		if !runs {
			return errHogEnded
		}
		h.holds = bytes
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hold %d bytes: %w", bytes, ctx.Err())
	}
}

// stop ends it, if nobody else did.
func (h *hogProgram) stop() error {
	err := h.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	for range h.lines { // until it has ended
	}
	if waited := h.cmd.Wait(); waited != nil && h.cmd.ProcessState == nil {
		err = errors.Join(err, waited)
	}
	return err
}
