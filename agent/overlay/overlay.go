// Package overlay keeps the trees of the two configuration slots. What came with a slot lies in the system (baked), what was changed on the
// device over it on the data partition; at the start the one that was chosen is mounted over /etc. A candidate is made in the idle
// slot; nothing here writes into one that is mounted.
package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// Where things are under the root of the device.
const (
	configFolder = "data/config"
	slotsFolder  = "data/slots"
	bakedFolder  = "usr/share/calendarbot/overlay"
	mountedFile  = "run/calendarbot-boot/config" // names the slot that is mounted
	bootedFile   = "data/config/booted"          // names the slot that was mounted last
)

// Where things are in a slot.
const (
	etcFolder     = "etc"            // what was changed on the device
	baseFolder    = "base"           // base/etc: the baked files as they were when what was changed was last brought up to date
	formerFolder  = "former"         // the person's text as it was before the last merge with conflicts
	conflictsFile = "conflicts.json" // what both the person and the system changed
	stagedFile    = "staged.json"    // what a candidate is, until the state of the slots tells it
	agentFile     = "calendarbot/calendarbot.yaml"
)

// What a slot's folder is called while it is being exchanged.
const (
	partEnd = ".part" // being made; means nothing after a crash
	nextEnd = ".next" // whole, and to take its place
	pastEnd = ".past" // it gave way

	besideEnd = ".new" // of a file that is being written; means nothing after a crash
)

// Bounds of a slot's tree.
const (
	mostText  = 1 << 20 // bytes of a file that is read whole
	mostFiles = 4000
	mostBytes = 64 << 20
)

// device is the root of a device's file system.
type device string

func (d device) path(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

// slot is the folder of a slot.
func (d device) slot(n slot.Name) string { return d.path(configFolder, string(n)) }

// baked is the folder of the files that came with a slot.
func (d device) baked(n slot.Name) string { return d.path(bakedFolder, string(n), etcFolder) }

func (d device) states() slot.Folder { return slot.Folder(d.path(slotsFolder)) }

// named reads the name of a slot from a file; slot.Baked when there is none.
func (d device) named(file string) slot.Name {
	text, err := durable.Read(d.path(file), mostText)
	if n := slot.Name(strings.TrimSpace(string(text))); err == nil && (n == slot.A || n == slot.B) {
		return n
	}
	return slot.Baked
}

// mounted is the slot that lies over /etc now; slot.Baked when that is not known.
func (d device) mounted() slot.Name {
	if n := d.named(mountedFile); n != slot.Baked {
		return n
	}
	return d.named(bootedFile)
}

// idleOnly refuses a slot that is mounted: what is written below a mount is seen by chance, and breaks it at worst.
func (d device) idleOnly(n slot.Name) error {
	if d.named(mountedFile) == n {
		return fmt.Errorf("slot %s is mounted", n)
	}
	return nil
}

// alone does something while no other program changes the slots' trees, with what a power cut left half done brought to its end.
func (d device) alone(do func() error) error {
	if err := durable.MakeFolder(d.path(configFolder), 0o755); err != nil {
		return err
	}
	// A folder could be locked by whoever may look into it, for ever; this file only its owner can open.
	lock, err := os.OpenFile(d.path(configFolder, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return errors.Join(fmt.Errorf("lock %s: %w", lock.Name(), err), lock.Close())
	}
	err = errors.Join(d.mend(slot.A), d.mend(slot.B))
	if err == nil {
		err = do()
	}
	return errors.Join(err, lock.Close())
}

// exchange puts the folder of a candidate that was made beside in the place of a slot, and notes in the state what it is. A cut leaves the old one, or the
// new one once mend was there.
func (d device) exchange(n slot.Name) error {
	if err := durable.Rename(d.slot(n)+partEnd, d.slot(n)+nextEnd); err != nil {
		return err
	}
	return d.install(n)
}

// errInUse says that a candidate cannot take a slot's place any more.
var errInUse = errors.New("the slot is used by now")

// install does the part of an exchange that is gone on with after a cut. Until the new folder has its place the state says that nothing is staged there; a candidate
// that was tried meanwhile stays.
func (d device) install(n slot.Name) error {
	name := d.slot(n)
	if there(name + nextEnd) {
		var refused error
		_, err := d.states().Change(slot.Config, func(s slot.State) (slot.State, error) {
			s, refused = s.Clear(n)
			return s, refused
		})
		if refused != nil && there(name) {
			return errors.Join(fmt.Errorf("%w: %w", errInUse, refused), remove(name+nextEnd))
		}
		if err != nil && refused == nil {
			return err
		}
		if there(name) {
			if err := remove(name + pastEnd); err != nil {
				return err
			}
			if err := durable.Rename(name, name+pastEnd); err != nil {
				return err
			}
		}
		if err := durable.Rename(name+nextEnd, name); err != nil {
			return err
		}
	}
	return errors.Join(d.enter(n), remove(name+pastEnd))
}

// enter notes in the state what a slot's folder says that it is. What the state refuses, because it is not to be tried again or is in use, it does not get to know.
func (d device) enter(n slot.Name) error {
	note := filepath.Join(d.slot(n), stagedFile)
	text, err := durable.Read(note, mostText)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoFolder) {
		return nil
	}
	if err != nil {
		return err
	}
	var content slot.Content
	refused := json.Unmarshal(text, &content)
	if refused == nil {
		_, err = d.states().Change(slot.Config, func(s slot.State) (slot.State, error) {
			if _, known := s.Slots[n]; known {
				return s, nil
			}
			s, refused = s.Stage(n, content)
			return s, refused
		})
	}
	if err != nil && refused == nil {
		return err
	}
	return durable.Remove(note)
}

// mend brings an exchange of a slot to its end, and takes away what is left of others.
func (d device) mend(n slot.Name) error {
	if err := d.install(n); err != nil && !errors.Is(err, errInUse) {
		return err
	}
	return remove(d.slot(n) + partEnd)
}

func there(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// remove takes a folder with all that is in it away, where there is one.
func remove(name string) error {
	if !there(name) {
		return nil
	}
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	return durable.Sync(filepath.Dir(name))
}
