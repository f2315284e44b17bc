package main

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/overlay"
	"calendarbot/agent/slot"
)

// TestTheChosenSlotIsPrintedBeforeAllElse: a start that was counted goes with its slot, however long it takes to bring the slots up to date.
func TestTheChosenSlotIsPrintedBeforeAllElse(t *testing.T) {
	root := t.TempDir()
	lay := func(name, text string) {
		t.Helper()
		full := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	lay("usr/share/calendarbot/overlay/a/etc/calendarbot/calendarbot.yaml", "display:\n  days: 5\n")
	lay("usr/share/calendarbot/overlay/b/etc/calendarbot/calendarbot.yaml", "display:\n  days: 6\n")
	_, err := overlay.Stage(root, time.Now())
	if err == nil {
		_, err = overlay.Obey(root, slot.Order{Do: "try", Kind: slot.Config}, time.Now())
	}
	// Nobody gets at the trees of the slots for as long as this is held.
	lock, failed := os.Open(filepath.Join(root, "data/config/lock"))
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	ended := make(chan int, 1)
	go func() {
		ended <- command(t.Context(), []string{"slots", "select", "config", "--root", root}, console{out: write, err: &said})
	}()
	if err := read.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(read).ReadString('\n'); line != "b\n" {
		t.Errorf("it printed %q: %v", line, err)
	}
	err = lock.Close()
	if status := <-ended; status != 0 || said.String() != "" {
		t.Errorf("status %d: %s", status, said.String())
	}
	if err := errors.Join(err, write.Close(), read.Close()); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "data/config/booted")); err != nil || string(text) != "b\n" {
		t.Errorf("it did not go on: %q, %v", text, err)
	}
}
