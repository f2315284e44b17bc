package install

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/patch"
	"calendarbot/agent/update/repository"
)

// Agent puts a program into the idle slot, from a patch (nil for none) against the one that runs or whole, and starts it on trial.
func (d Device) Agent(ctx context.Context, whole update.Offer, patched *update.Offer) error {
	state, err := d.slots().Read(slot.Agent)
	if err != nil {
		return err
	}
	if state.Trial != nil {
		return fmt.Errorf("install %s: %s is on trial; one at a time", update.Thing(slot.Agent, whole.Version), state.Trial.Version)
	}
	idle := d.idle(state, whole)
	if !d.staged(state.Slots[idle], idle, whole) {
		if err := d.stage(ctx, state, idle, whole, patched); err != nil {
			return err
		}
	}
	d.tell("try", whole, 0, 0, "")
	if _, err := d.slots().Change(slot.Agent, func(s slot.State) (slot.State, error) {
		return s.Try(idle, Tries, d.By, d.Now())
	}); err != nil {
		return err
	}
	return d.Start(ctx)
}

// Start has systemd start the program that the slots choose, and its judge. It is called again after a run that was cut short before
// it. Nothing waits for the program: one that hangs must not keep its judge from coming.
func (d Device) Start(ctx context.Context) error {
	// A judge that is just ending, as it had nothing to judge, would not be started again: it is restarted.
	units := []string{"calendarbot.service", "calendarbot-trial.service"}
	reset := systemctl(ctx, append([]string{"reset-failed"}, units...)...) // what did not fail has nothing to reset
	if err := systemctl(ctx, append([]string{"--no-block", "restart"}, units...)...); err != nil {
		return errors.Join(reset, err)
	}
	return nil
}

// idle is the slot that the program goes to: the one where an earlier run that was cut short left it.
func (d Device) idle(s slot.State, o update.Offer) slot.Name {
	for _, n := range []slot.Name{slot.A, slot.B} {
		if n != s.Active && d.staged(s.Slots[n], n, o) {
			return n
		}
	}
	return s.Idle()
}

// staged tells whether the program lies in the slot already, whole, by an earlier run that was cut short.
func (d Device) staged(c slot.Content, n slot.Name, o update.Offer) bool {
	if c.Version != o.Version || c.Digest != o.Content.SHA256 {
		return false
	}
	sum, size, err := Digest(Program(d.Root, n))
	return err == nil && sum == o.Content.SHA256 && size == o.Content.Size
}

// stage makes the program in the slot, looks at it, and notes it.
func (d Device) stage(ctx context.Context, state slot.State, n slot.Name, whole update.Offer, patched *update.Offer) error {
	name := Program(d.Root, n)
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := repository.Room(filepath.Dir(name), whole.Content.Size, d.Limits.Spare); err != nil {
		return err
	}
	made := false
	if patched != nil {
		// A patch is for speed alone: whatever is wrong with it, the whole may be right.
		made = d.patch(ctx, Program(d.Root, state.Runs()), n, *patched) == nil
	}
	var err error
	if !made {
		err = d.unpack(ctx, n, whole)
	}
	if err != nil {
		return err
	}
	d.tell("verify", whole, 0, 0, "")
	if sum, size, err := Digest(name); err != nil || sum != whole.Content.SHA256 || size != whole.Content.Size {
		return &repository.Refusal{Code: repository.WrongHash, Words: "The program in the slot is not the one that was signed: the card may be failing.", Err: err}
	}
	if err := says(ctx, name, whole.Version); err != nil {
		return errors.Join(err, d.deny(err, whole))
	}
	d.tell("stage", whole, 0, 0, "")
	_, err = d.slots().Change(slot.Agent, func(s slot.State) (slot.State, error) {
		return s.Stage(n, slot.Content{Version: whole.Version, Digest: whole.Content.SHA256, Size: whole.Content.Size, At: d.Now()})
	})
	return err
}

// patch makes the new program of the old one.
func (d Device) patch(ctx context.Context, old string, n slot.Name, o update.Offer) error {
	part, err := d.fetch(ctx, o)
	if err != nil {
		return err
	}
	d.tell("patch", o, 0, 0, "")
	from, err := os.Open(old)
	if err != nil {
		return err
	}
	info, err := from.Stat()
	if err == nil {
		err = d.make(n, part, o, func(in io.Reader, out io.Writer) error {
			return patch.Apply(from, info.Size(), in, out, o.Content.Size)
		})
	}
	return errors.Join(err, from.Close())
}

// unpack makes the new program of the whole one.
func (d Device) unpack(ctx context.Context, n slot.Name, o update.Offer) error {
	part, err := d.fetch(ctx, o)
	if err != nil {
		return err
	}
	d.tell("stage", o, 0, 0, "")
	return d.make(n, part, o, func(in io.Reader, out io.Writer) error { return patch.Unpack(in, out, o.Content.Size) })
}

// make writes what becomes of a part into a slot, when it is what was signed. Until then what lies there stays, and may be gone back to.
func (d Device) make(n slot.Name, part string, o update.Offer, do func(io.Reader, io.Writer) error) error {
	in, err := os.Open(part)
	if err != nil {
		return err
	}
	out, err := durable.Create(Program(d.Root, n), 0o755)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	sum := &summed{to: out, sum: sha256.New()}
	buffer := bufio.NewWriterSize(sum, 1<<20)
	err = do(in, buffer)
	if err == nil {
		err = buffer.Flush()
	}
	if err == nil && (sum.size != o.Content.Size || hex.EncodeToString(sum.sum.Sum(nil)) != o.Content.SHA256) {
		err = &repository.Refusal{Code: repository.WrongHash, Words: fmt.Sprintf("What %s becomes unpacked is not what was signed.", o.Name)}
	}
	if err = errors.Join(err, in.Close()); err == nil {
		_, err = d.slots().Change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Clear(n) })
	}
	if err != nil {
		return errors.Join(err, out.Abandon())
	}
	return out.Commit()
}

type summed struct {
	to   io.Writer
	sum  hash.Hash
	size int64
}

func (s *summed) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if _, failed := s.sum.Write(p[:n]); err == nil {
		err = failed
	}
	s.size += int64(n)
	return n, err
}

// deny has a program that does not run here not fetched again and again.
func (d Device) deny(why error, o update.Offer) error {
	if repository.CodeOf(why) != NoStart {
		return nil
	}
	_, err := d.slots().Change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Deny(o.Version, why.Error(), d.Now()), nil })
	return err
}

// says runs a program once, which is to say its version and no more. What does not even do that is not tried.
func says(parent context.Context, name, version string) error {
	ctx, cancel := context.WithTimeout(parent, versionTime)
	defer cancel()
	said := &lines{each: func(string) {}}
	command := exec.CommandContext(ctx, name, "--version")
	command.Env = []string{"GOMAXPROCS=1"}
	command.Stdout = said
	command.WaitDelay = versionTime
	if err := command.Run(); ctx.Err() != nil && parent.Err() != nil {
		return parent.Err()
	} else if err != nil {
		return &repository.Refusal{Code: NoStart, Words: fmt.Sprintf("Version %s of the program does not start on this device: %v.", version, err), Err: err}
	}
	if words := strings.Fields(said.last); len(words) < 2 || words[1] != version {
		return &repository.Refusal{Code: NoStart, Words: fmt.Sprintf("The program in the repository as version %s says that it is %.100q.", version, said.last)}
	}
	return nil
}

// NoStart is the code of a program that does not run here.
const NoStart repository.Code = "no_start"
