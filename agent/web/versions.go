package web

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// Places is where the slots' keeper, the updater and this program tell each other things. The zero value is nowhere.
type Places struct {
	Root  string // in front of /data, /run and /sys; "" for the system's own
	State string // the folder of the program's state, in which orders, uploads and what a person took note of are; "" for none
}

// Versions is what runs, what is tried and what there is, as those who see to it tell. It is read when it is asked for.
type Versions struct {
	Slotted bool // this installation has slots; else the rest is zero
	Slots   map[slot.Kind]slot.State
	Update  update.Status
	Noted   map[slot.Kind]time.Time // up to when a person took note of how trials ended
	Wrong   error                   // what of it could not be read
}

const slotsFolder = "data/slots"

func (p Places) slots() slot.Folder { return slot.Folder(filepath.Join(p.root(), slotsFolder)) }

// root is never empty.
func (p Places) root() string {
	if p.Root == "" {
		return "/"
	}
	return p.Root
}

// orders is where those to the slots' keeper go, updates where those to the updater go.
func (p Places) orders() string  { return filepath.Join(p.State, "orders") }
func (p Places) updates() string { return filepath.Join(p.State, "update", "orders") }

// rollback is where the wish to go back stands.
func (p Places) rollback() string { return filepath.Join(p.State, "rollback") }

// slotted tells whether this installation has slots.
func (p Places) slotted() bool {
	if p.State == "" {
		return false
	}
	info, err := os.Stat(string(p.slots()))
	return err == nil && info.IsDir()
}

// Look reads how the versions stand. What cannot be read is told in it, beside what can.
func (p Places) Look() Versions {
	if !p.slotted() {
		return Versions{}
	}
	v := Versions{Slotted: true, Slots: make(map[slot.Kind]slot.State, 3)}
	var wrong []error
	for _, k := range slot.Kinds() {
		state, err := p.slots().Read(k)
		v.Slots[k] = state
		wrong = append(wrong, err)
	}
	status, err := update.ReadStatus(p.root())
	noted, errNoted := p.noted()
	v.Update, v.Noted = status, noted
	v.Wrong = errors.Join(append(wrong, err, errNoted)...)
	return v
}

// everyKind is slot.Kinds without an allocation, for what is asked often.
func everyKind() [3]slot.Kind { return [...]slot.Kind{slot.Config, slot.Agent, slot.System} }

// Trial is what is on trial now; nil for nothing.
func (v Versions) Trial() (slot.Kind, *slot.Trial) {
	for _, k := range everyKind() {
		if t := v.Slots[k].Trial; t != nil {
			return k, t
		}
	}
	return "", nil
}

// noteTime is how long it is told that something went back, unless somebody takes note of it before.
const noteTime = 14 * 24 * time.Hour

// WentBack is the last outcome of a kind while it is one that a person should know of; nil when there is none.
func (v Versions) WentBack(k slot.Kind, now time.Time) *slot.Outcome {
	last := v.Slots[k].Last
	if last == nil || last.Kept || !last.At.After(v.Noted[k]) || now.Sub(last.At) > noteTime {
		return nil
	}
	return last
}

// conflictsNoted is under what name Versions.Noted has that somebody knows of the conflicts.
const conflictsNoted slot.Kind = "conflicts"

const mostConflicts = 256 << 10 // bytes

// Conflicts are the keys and files in which the configuration that is used keeps the person's own, though the system came with something
// else, and when that came to be; none once somebody took note of them.
func (p Places) Conflicts(v Versions) (keys []string, since time.Time) {
	name := filepath.Join(p.root(), "data/config", string(v.Slots[slot.Config].Runs()), "conflicts.json")
	file, err := os.Open(name)
	if err != nil {
		return nil, time.Time{} // mostly there are none
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.ModTime().After(v.Noted[conflictsNoted]) {
		return nil, time.Time{}
	}
	var list []config.Conflict
	if err := json.NewDecoder(io.LimitReader(file, mostConflicts)).Decode(&list); err != nil {
		return nil, time.Time{}
	}
	for _, c := range list {
		keys = append(keys, c.Key)
	}
	return keys, info.ModTime()
}

// absent tells whether a file is not there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
