package overlay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"calendarbot/agent/config"
	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// mostConflicts is how many are remembered of a slot.
const mostConflicts = 50

// Settle brings what was changed in a slot up to date with what the system that runs came with for it, key by key for calendarbot.yaml, other files
// whole. What a person changed holds. Where the system changed the same, that is told by Show until the slot is staged anew, and the person's
// text as it was is kept beside. The slot is not to be mounted. A power cut anywhere is made good by the next call.
func Settle(root string, n slot.Name) error {
	d := device(root)
	err := d.idleOnly(n)
	if err == nil {
		err = d.alone(func() error { return d.settle(n) })
	}
	if err != nil {
		return fmt.Errorf("bring configuration slot %s up to date: %w", n, err)
	}
	return nil
}

// settle does so: the person's former text, the conflicts, the merged files, and at last what they were merged with.
func (d device) settle(n slot.Name) error {
	base, baked := filepath.Join(d.slot(n), baseFolder, etcFolder), d.baked(n)
	if !there(baked) { // a system that came without: nothing of the person's goes for it
		return nil
	}
	if err := d.sweep(n); err != nil {
		return err
	}
	if !there(base) {
		return d.settleBase(n, nil)
	}
	list, err := names(base, baked)
	if err != nil {
		return err
	}
	var drifted []drift
	for _, name := range list {
		was, errWas := itemAt(base, name)
		now, errNow := itemAt(baked, name)
		if err := errors.Join(errWas, errNow); err != nil {
			return err
		}
		if !was.same(now) {
			drifted = append(drifted, drift{name: name, was: was, now: now})
		}
	}
	if len(drifted) == 0 {
		return nil
	}
	var conflicts []config.Conflict
	for i := range drifted {
		told, err := drifted[i].decide(filepath.Join(d.slot(n), etcFolder))
		if err != nil {
			return err
		}
		conflicts = append(conflicts, told...)
	}
	if err := d.tell(n, drifted, conflicts); err != nil {
		return err
	}
	var late []drift
	for _, f := range drifted {
		if err := f.carryOut(filepath.Join(d.slot(n), etcFolder)); err != nil {
			return err
		}
		if f.late {
			late = append(late, f)
		}
	}
	return d.settleBase(n, late)
}

// sweep takes away what power cuts left of calls before.
func (d device) sweep(n slot.Name) error {
	top := d.slot(n)
	base := filepath.Join(top, baseFolder)
	var err error
	if !there(base) && there(base+pastEnd) {
		err = durable.Rename(base+pastEnd, base) // a file that was late is merged with what it came from
	}
	if err == nil {
		err = errors.Join(remove(base+partEnd), remove(base+pastEnd))
	}
	for _, name := range []string{conflictsFile, filepath.Join(formerFolder, filepath.Base(agentFile)), filepath.Join(etcFolder, agentFile)} {
		if name = filepath.Join(top, name) + besideEnd; there(name) {
			err = errors.Join(err, durable.Remove(name))
		}
	}
	return err
}

// drift is a file that came another way with the system that runs than with the one before.
type drift struct {
	name           string
	was, now, mine item
	merged         []byte // what is to stand there
	write          bool   // merged is to be written
	drop           bool   // what is changed is what came before: it gives way to what comes now
	late           bool   // it could not be merged; the next time it is tried again
}

// decide decides what becomes of a file.
func (f *drift) decide(upper string) (conflicts []config.Conflict, err error) {
	if f.mine, err = itemAt(upper, f.name); err != nil {
		return nil, err
	}
	whole := config.Conflict{Key: "/etc/" + f.name, Mine: "changed", Other: "changed"}
	if f.now.kind == nothing {
		whole.Other = "removed"
	}
	switch {
	case f.mine.kind == nothing || f.mine.same(f.now):
		return nil, nil
	case f.mine.kind == deleted:
		whole.Mine = "removed"
		return []config.Conflict{whole}, nil
	case f.name == agentFile && f.mine.kind == large:
		f.late, whole.Mine = true, "could not be merged: "+tooLarge(f.mine).Error()
		return []config.Conflict{whole}, nil
	case f.name == agentFile && f.mine.kind == file:
		merged, conflicts, err := config.Merge3(f.was.text, f.mine.text, f.now.text)
		if err != nil {
			f.late, whole.Mine = true, "could not be merged: "+err.Error()
			return []config.Conflict{whole}, nil
		}
		f.merged, f.write = merged, !bytes.Equal(merged, f.mine.text)
		return conflicts, nil
	case f.mine.same(f.was):
		f.drop = true
		return nil, nil
	}
	return []config.Conflict{whole}, nil
}

// carryOut writes what was decided.
func (f *drift) carryOut(upper string) error {
	name := filepath.Join(upper, f.name)
	switch {
	case f.drop:
		return durable.Remove(name)
	case f.write:
		return put(name, f.mine.info, bytes.NewReader(f.merged))
	}
	return nil
}

// tell keeps the person's text as it was, and notes conflicts.
func (d device) tell(n slot.Name, drifted []drift, conflicts []config.Conflict) error {
	if len(conflicts) == 0 {
		return nil
	}
	for _, f := range drifted {
		if !f.write {
			continue
		}
		folder := filepath.Join(d.slot(n), formerFolder)
		if err := durable.MakeFolder(folder, 0o755); err != nil {
			return err
		}
		if err := put(filepath.Join(folder, filepath.Base(f.name)), f.mine.info, bytes.NewReader(f.mine.text)); err != nil {
			return err
		}
	}
	name := filepath.Join(d.slot(n), conflictsFile)
	before, err := readConflicts(name)
	if err != nil { // it is only told; what cannot be read is told anew
		before = nil
	}
	all := slices.Clone(conflicts)
	for _, old := range before {
		if !slices.ContainsFunc(conflicts, func(c config.Conflict) bool { return c.Key == old.Key }) {
			all = append(all, old)
		}
	}
	all = all[:min(len(all), mostConflicts)]
	if slices.Equal(all, before) {
		return nil
	}
	return writeConflicts(name, all)
}

// settleBase notes what the slot is up to date with, but for what is late.
func (d device) settleBase(n slot.Name, late []drift) error {
	name := filepath.Join(d.slot(n), baseFolder)
	if err := durable.MakeFolder(d.slot(n), 0o755); err != nil {
		return err
	}
	isLate := func(name string) bool {
		return slices.ContainsFunc(late, func(f drift) bool { return f.name == name })
	}
	if err := copyTree(d.baked(n), filepath.Join(name+partEnd, etcFolder), isLate); err != nil {
		return err
	}
	for _, f := range late {
		if f.was.info == nil {
			continue
		}
		to := filepath.Join(name+partEnd, etcFolder, f.name)
		if err := durable.MakeFolder(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := copyOne(filepath.Join(name, etcFolder, f.name), to, f.was.info); err != nil {
			return err
		}
	}
	if there(name) {
		if err := durable.Rename(name, name+pastEnd); err != nil {
			return err
		}
	}
	// A cut here leaves the one before beside, which comes back: to merge once more what was merged changes nothing.
	if err := durable.Rename(name+partEnd, name); err != nil {
		return err
	}
	return remove(name + pastEnd)
}

func readConflicts(name string) ([]config.Conflict, error) {
	text, err := durable.Read(name, mostText)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []config.Conflict
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return list, nil
}

func writeConflicts(name string, list []config.Conflict) error {
	text, err := json.MarshalIndent(list[:min(len(list), mostConflicts)], "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(name, append(text, '\n'), 0o644)
}

// carried is what makes the device reachable, under /etc.
func carried() []string {
	return []string{"hostname", "hosts", "localtime", "ssh/authorized_keys"}
}

// wireless is the folder of the networks that the device knows, under /etc.
const wireless = "wpa_supplicant"

// carry brings what makes the device reachable, as it is in one slot, into the other, which is not to be mounted: its name, its zone, who may
// log in, and the wireless networks. Where a slot does not say something, what came with it holds in the other too; but its networks are only
// ever added to or changed.
func (d device) carry(from, to slot.Name) error {
	source, target := filepath.Join(d.slot(from), etcFolder), filepath.Join(d.slot(to), etcFolder)
	if !there(source) {
		return nil
	}
	list := carried()
	known, err := os.ReadDir(filepath.Join(source, wireless))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNoFolder) {
		return err
	}
	for _, entry := range known {
		list = append(list, filepath.Join(wireless, entry.Name()))
	}
	for _, name := range list {
		if err := carryOne(source, target, name); err != nil {
			return err
		}
	}
	return nil
}

// carryOne brings one file from a slot to another.
func carryOne(source, target, name string) error {
	has, err := itemAt(source, name)
	if err != nil {
		return err
	}
	had, err := itemAt(target, name)
	if err != nil {
		return err
	}
	full := filepath.Join(target, name)
	switch {
	case has.same(had):
		return nil
	case has.info == nil && has.kind == nothing:
		return durable.Remove(full)
	case has.info == nil, has.kind == other: // its folder is gone as a whole, or it is no file
		return nil
	}
	if err := durable.MakeFolder(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return copyOne(filepath.Join(source, name), full, has.info)
}
