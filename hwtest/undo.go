package hwtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"calendarbot/agent/durable"
)

// Undo is what takes one change back: a request to the program, a command, the program that was in use. Each may be carried out twice.
type Undo struct {
	Step    string   `json:"step"`
	Words   string   `json:"words"` // what is put back, for people
	Method  string   `json:"method,omitempty"`
	Path    string   `json:"path,omitempty"`
	Body    any      `json:"body,omitempty"`
	Command []string `json:"command,omitempty"`
	Program *Program `json:"program,omitempty"`
}

// Folder is where the record, what is to be undone and the reports are: on what outlives a power cut.
func (d *Device) Folder() string {
	if d.there("/data") {
		return d.at("/data/hwtest")
	}
	return d.at("/var/lib/calendarbot-hwtest")
}

// alone keeps other runs away until its file is closed.
func (d *Device) alone() (*os.File, error) {
	if err := durable.MakeFolder(d.Folder(), 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(d.note("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another run is under way (%s is locked): %w", lock.Name(), err), lock.Close())
	}
	return lock, nil
}

// note is a file of the folder.
func (d *Device) note(name string) string { return filepath.Join(d.Folder(), name) }

// save writes a file of the folder so that it is there after a power cut.
func (d *Device) save(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.MakeFolder(d.Folder(), 0o755); err != nil {
		return err
	}
	return durable.Write(d.note(name), append(data, '\n'), 0o600)
}

// load reads a file of the folder; one that is not there leaves v as it is.
func (d *Device) load(name string, v any) error {
	data, err := os.ReadFile(d.note(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", d.note(name), err)
	}
	return nil
}

const undoFile = "undo.json"

// Undone are the changes that were not taken back yet, the oldest first.
func (d *Device) Undone() ([]Undo, error) {
	var list []Undo
	err := d.load(undoFile, &list)
	return list, err
}

// before writes down what takes a change back, before it is made.
func (d *Device) before(u ...Undo) error {
	list, err := d.Undone()
	if err != nil {
		return err
	}
	if err := d.save(undoFile, append(list, u...)); err != nil {
		return fmt.Errorf("note how to undo a change: %w", err)
	}
	return nil
}

// Restore takes back what a step changed, the newest first; of all steps for "". What cannot be taken back now stays noted.
func (d *Device) Restore(ctx context.Context, step string) error {
	list, err := d.Undone()
	if err != nil {
		return err
	}
	var wrong []error
	for i := len(list) - 1; i >= 0; i-- {
		u := list[i]
		if step != "" && u.Step != step {
			continue
		}
		if err := d.takeBack(ctx, u); err != nil {
			wrong = append(wrong, fmt.Errorf("undo (%s): %w", u.Words, err))
			continue
		}
		list = slices.Delete(list, i, i+1)
		if err := d.save(undoFile, list); err != nil {
			return errors.Join(append(wrong, err)...)
		}
	}
	if len(list) == 0 && len(wrong) == 0 && d.noted(undoFile) {
		return durable.Remove(d.note(undoFile))
	}
	return errors.Join(wrong...)
}

// noted tells whether a file of the folder is there.
func (d *Device) noted(name string) bool {
	_, err := os.Stat(d.note(name))
	return err == nil
}

func (d *Device) takeBack(ctx context.Context, u Undo) error {
	if u.Method != "" {
		if err := d.ask(ctx, u.Method, u.Path, u.Body, nil); err != nil {
			return err
		}
	}
	if len(u.Command) > 0 {
		if _, err := d.command(ctx, u.Command[0], u.Command[1:]...); err != nil {
			return err
		}
	}
	if u.Program != nil {
		return d.use(ctx, *u.Program)
	}
	return nil
}
