// Package install puts a release that was chosen into the idle slot and has it tried. Each step may be cut short at any moment and
// done again: a slot counts only when what lies in it was verified whole, and until then what runs goes on to.
package install

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/repository"
)

// Where things are, below the root folder.
const (
	SlotsFolder  = "data/slots"
	AgentFolder  = "data/agent"                         // a/calendarbot, b/calendarbot
	BakedProgram = "usr/bin/calendarbot"                // of the system that runs
	SystemWriter = "usr/lib/calendarbot/install-system" // BUNDLE: writes the other system and has the next start try it
	program      = "calendarbot"
)

// Tries is how often a new program is started before it is given up.
const Tries = 3

// Bounds of other programs.
const (
	versionTime = 30 * time.Second // to say its version
	unitTime    = 2 * time.Minute  // for systemd to restart the program
	systemTime  = 90 * time.Minute // to write a system
	mostWords   = 4 << 10          // bytes of a line that another program says
)

// Device is where a release goes.
type Device struct {
	Root       string                 // in front of all paths
	Repository *repository.Repository // where it comes from
	Limits     repository.Limits
	By         string // who wants it, for the slots' state
	Now        func() time.Time
	Told       func(update.Progress) // hears how far it is
}

func (d Device) slots() slot.Folder { return slot.Folder(filepath.Join(d.Root, SlotsFolder)) }

// Program is the file of the program in a slot.
func Program(root string, n slot.Name) string {
	if n == slot.Baked {
		return filepath.Join(root, BakedProgram)
	}
	return filepath.Join(root, AgentFolder, string(n), program)
}

// Digest is the SHA-256 of a file in hex, and its length in bytes.
func Digest(name string) (sum string, size int64, err error) {
	file, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	size, err = io.Copy(h, file)
	return hex.EncodeToString(h.Sum(nil)), size, errors.Join(err, file.Close())
}

func (d Device) tell(step string, o update.Offer, done, total int64, words string) {
	d.Told(update.Progress{Step: step, Kind: o.Kind, Version: o.Version, Done: done, Total: total, Words: words, Since: d.Now()})
}

// fetch brings a target here.
func (d Device) fetch(ctx context.Context, o update.Offer) (string, error) {
	d.tell("download", o, 0, o.Length, "")
	return d.Repository.Fetch(ctx, o, func(done int64) { d.tell("download", o, done, o.Length, "") })
}

// System puts a system into the slot that does not run, and has the next start try it. The start itself is left to the caller.
func (d Device) System(ctx context.Context, o update.Offer) error {
	state, err := d.slots().Read(slot.System)
	if err != nil {
		return err
	}
	if state.Trial != nil {
		return fmt.Errorf("install %s: %s is on trial; one at a time", update.Thing(slot.System, o.Version), state.Trial.Version)
	}
	idle := state.Idle()
	bundle, err := d.fetch(ctx, o)
	if err != nil {
		return err
	}
	content := slot.Content{Version: o.Version, Digest: o.SHA256, Size: o.Length, At: d.Now()}
	// Who writes it also has the next start choose it: when the power goes before that is noted as a trial, this tells what is tried.
	if _, err := d.slots().Change(slot.System, func(s slot.State) (slot.State, error) { return s.Expect(idle, content, d.By) }); err != nil {
		return err
	}
	if asWas, err := d.write(ctx, o, bundle); err != nil {
		if !asWas {
			return err
		}
		_, failed := d.slots().Change(slot.System, func(s slot.State) (slot.State, error) { return restored(s, state, idle), nil })
		return errors.Join(err, failed)
	}
	d.tell("try", o, 0, 0, "")
	_, err = d.slots().Change(slot.System, func(s slot.State) (slot.State, error) {
		if s.Trial != nil && s.Trial.Slot == idle && s.Trial.Version == o.Version {
			return s, nil // the judge found it chosen
		}
		s, err := s.Stage(idle, content)
		if err != nil {
			return s, err
		}
		return s.Try(idle, Tries, d.By, d.Now())
	})
	return err
}

// restored notes again what lay in a slot of which Expect was said, as nothing was written there.
func restored(s, before slot.State, n slot.Name) slot.State {
	if s.Coming == nil || s.Coming.Slot != n {
		return s
	}
	s.Coming = nil
	if c, there := before.Slots[n]; there {
		s = s.Holds(n, c)
	}
	if before.Former == n && s.Active == before.Active {
		s.Former = n
	}
	return s
}

// Exit statuses of SystemWriter that tell that the slot is as it was.
const (
	notReady = 2
	refused  = 3
)

// write has the system's own program write the bundle, and passes on what it says. Where that fails it tells whether the slot is as it was.
func (d Device) write(parent context.Context, o update.Offer, bundle string) (asWas bool, err error) {
	ctx, cancel := context.WithTimeout(parent, systemTime)
	defer cancel()
	d.tell("install", o, 0, 100, "")
	said := &lines{each: func(line string) {
		if percent, words, ok := percent(line); ok {
			d.tell("install", o, percent, 100, words)
		}
	}}
	command := exec.CommandContext(ctx, filepath.Join(d.Root, SystemWriter), bundle)
	command.Stdout, command.Stderr = said, said
	command.WaitDelay = 10 * time.Second
	if err = command.Run(); err == nil {
		return false, nil
	}
	err = fmt.Errorf("install %s: %s: %w", update.Thing(slot.System, o.Version), said.last, err)
	if parent.Err() != nil {
		return false, err
	}
	wrong := &repository.Refusal{Code: repository.NotInstalled, Words: fmt.Sprintf("Version %s of the system could not be installed: %s.", o.Version, strings.TrimRight(cmp.Or(said.last, err.Error()), ".")), Err: err}
	switch command.ProcessState.ExitCode() {
	case notReady:
		wrong.Code = repository.NotReady
		return true, wrong
	case refused:
		return true, wrong
	}
	return false, wrong
}

// percent reads a line of RAUC's progress: " 40% Checking slot system.1".
func percent(line string) (int64, string, bool) {
	number, words, ok := strings.Cut(strings.TrimSpace(line), "%")
	var n int64
	if _, err := fmt.Sscanf(number, "%d", &n); !ok || err != nil || n < 0 || n > 100 {
		return 0, "", false
	}
	return n, strings.TrimSpace(words), true
}

// lines cuts what a program says into lines of a bounded length.
type lines struct {
	each func(string)
	last string // that said something
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, after, ok := bytes.Cut(l.rest, []byte{'\n'})
		if !ok {
			l.rest = append([]byte(nil), l.rest[max(0, len(l.rest)-mostWords):]...)
			return len(p), nil
		}
		if text := strings.ToValidUTF8(strings.TrimSpace(string(line[:min(len(line), mostWords)])), "�"); text != "" {
			l.last = text
			l.each(text)
		}
		l.rest = after
	}
}

// Restart begins the start of the device that tries a new system.
func Restart(ctx context.Context) error { return systemctl(ctx, "reboot") }

func systemctl(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, unitTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "systemctl", args...)
	cmd.WaitDelay = time.Second // what it left behind is not waited for
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %.300s", strings.Join(args, " "), err, bytes.TrimSpace(said))
	}
	return nil
}
