package preseed

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"

	"calendarbot/agent/config"
	"calendarbot/agent/durable"
	"calendarbot/agent/network"
)

// Boot takes over what a person wrote on the card.
type Boot struct {
	Card string // folder where the card's first partition is mounted; it is made writable only while it is written to
	Root string // root of the device's file system; "/" is the device
}

// Report is what became of a boot, in words without secrets.
type Report struct {
	Hostname string    // the name that the device has now
	Read     []string  // files that were read; none when nothing on the card has changed
	Taken    []string  // sections that were taken over, each once
	Mistakes []Mistake // of what was read; told in calendarbot-errors.txt too
	Notes    []string
	MadePIN  bool // a PIN was made
}

// Run carries a boot out, in this order, so that a crash at any moment loses nothing and the next boot does what is left: what was
// wished is written durably into both configuration slots; what people are to know is written on the card; what was read is
// remembered; at last the secrets are blanked on the card. A file that is as it was left is not read again. The error joins
// what could not be done; everything else was.
func (b Boot) Run() (Report, error) {
	run := bootRun{Boot: b, card: card{dir: b.Card, remount: remount}}
	return run.run()
}

// bootRun is one boot on its way.
type bootRun struct {
	Boot
	card    card
	files   []cardFile
	doubles []string // names those that are there in vain
	record  record
	report  Report
	wrong   []error
}

// fails keeps an error that does not end the boot.
func (r *bootRun) fails(err error) {
	if err != nil {
		r.wrong = append(r.wrong, err)
	}
}

func (r *bootRun) run() (Report, error) {
	var err error
	r.files, r.doubles, err = r.card.files()
	r.fails(err)
	r.record, err = readRecord(r.Root)
	r.fails(err)
	var sheets []*Sheet // of what has changed alone: the other file must not undo what was changed on the device since
	for _, f := range r.files {
		if r.record.changed(f) {
			sheets = append(sheets, f.parse())
			r.report.Read = append(r.report.Read, f.name)
		}
	}
	if len(sheets) > 0 {
		r.report.Notes = slices.Clone(r.doubles)
	}

	hostname, have, ok := r.takeOver(sheets)
	r.report.Hostname = hostname
	if !ok { // what was wished is not on the device for sure: the next boot reads the card again
		return r.report, errors.Join(r.wrong...)
	}
	if len(sheets) > 0 {
		r.remember(sheets)
	}
	if r.record.PIN != have { // a person chose another one since
		r.record.PIN = ""
	}
	r.tell()
	return r.report, errors.Join(r.wrong...)
}

// takeOver writes what the sheets wish into both slots. It returns the hostname and the PIN that hold then, and whether all was written.
func (r *bootRun) takeOver(sheets []*Sheet) (hostname, holds string, ok bool) {
	active, idle, idleName, err := slots(r.Root)
	r.fails(err)
	was, err := read(active, filepath.Join(active, agentFile))
	r.fails(err)
	other, err := read(idle, filepath.Join(idle, agentFile), filepath.Join(r.Root, "usr/share/calendarbot/overlay", string(idleName), agentFile))
	r.fails(err)
	now, next := was, other
	now.agent, err = aside(active, was.agent)
	r.fails(err)
	next.agent, err = aside(idle, other.agent)
	r.fails(err)
	for _, s := range sheets {
		now = lay(now, s)
		s.settle() // what does not go together with the device is left out of the idle slot too
		next = lay(next, &Sheet{File: s.File, Wish: s.Wish, lines: s.lines})
		if slices.ContainsFunc(s.Good(), func(section string) bool { return section == wifiSection || section == countrySection }) {
			next.wifi = now.wifi
		}
		r.report.Mistakes = append(r.report.Mistakes, s.Mistakes...)
		r.report.Notes = append(r.report.Notes, s.Notes...)
		for _, section := range s.Good() {
			if !slices.Contains(r.report.Taken, section) {
				r.report.Taken = append(r.report.Taken, section)
			}
		}
	}
	now.agent, next.agent = r.somePIN(now.agent, next.agent)
	group := agentGroup(r.Root)
	err = errors.Join(write(active, was, now, group), write(idle, other, next, group))
	r.fails(err)
	return cmp.Or(now.hostname, "calendarbot"), pin(now.agent), err == nil
}

// somePIN sees to it that both slots have a PIN: that of the other one, else one that is made now.
func (r *bootRun) somePIN(active, idle []byte) (withA, withB []byte) {
	holds := cmp.Or(pin(active), pin(idle), r.record.PIN)
	if holds == "" {
		made, err := makePIN()
		if err == nil { // remembered before it holds: a crash between must not leave a PIN that nobody is told
			r.record.PIN = made
			err = r.keep()
		}
		if err != nil {
			r.fails(err)
			return active, idle
		}
		holds, r.report.MadePIN = made, true
	}
	both := [][]byte{active, idle}
	for i, text := range both {
		if pin(text) != "" {
			continue
		}
		with, err := config.Merge(text, map[string]string{"web.pin": holds}, nil)
		if err != nil {
			r.fails(fmt.Errorf("keep the PIN: %w", err))
			continue
		}
		both[i] = with
	}
	return both[0], both[1]
}

// makePIN makes six digits, each of the million as likely as any.
func makePIN() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("make a PIN: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// remember notes which files were taken over, and what of them; what is known of the unchanged ones stays.
func (r *bootRun) remember(sheets []*Sheet) {
	files := map[string]taken{}
	for _, f := range r.files {
		i := slices.IndexFunc(sheets, func(s *Sheet) bool { return s.File == f.name })
		if i < 0 {
			files[f.name] = r.record.Files[f.name]
			continue
		}
		s := sheets[i]
		seen := taken{Read: sum(f.data), Left: sum(f.data), Sections: s.Good(), Mistakes: s.Mistakes, Notes: s.Notes}
		if !s.wrong[""] {
			seen.Left = sum(f.without(seen.Sections))
		}
		files[f.name] = seen
	}
	r.record.Files = files
}

// tell writes on the card what people are to know, then the record, then the blanked files.
func (r *bootRun) tell() {
	point, err := network.OwnAccessPoint(r.Root)
	r.fails(err)
	about := facts{hostname: r.report.Hostname, made: r.record.PIN, point: point, notes: slices.Clone(r.doubles)}
	var all []taken
	for _, f := range r.files {
		seen := r.record.Files[f.name]
		about.notes = append(about.notes, seen.Notes...)
		all = append(all, seen)
	}
	first := []change{{deviceFile, about.text()}, {errorsFile, errorsText(all)}}
	first = slices.DeleteFunc(first, func(ch change) bool { return !r.card.needed(ch) })
	var last []change
	for _, f := range r.files {
		if seen, known := r.record.Files[f.name]; known && sum(f.data) == seen.Read && seen.Left != seen.Read {
			last = append(last, change{f.name, f.without(seen.Sections)})
		}
	}
	r.fails(r.onCard(first, last))
}

// onCard writes on the card, the record between.
func (r *bootRun) onCard(first, last []change) error {
	if len(first)+len(last) == 0 {
		r.settleRecord()
		return r.keep()
	}
	kept := false
	err := r.card.writable(func() error {
		wrong := r.card.write(first...)
		kept = true
		if err := r.keep(); err != nil {
			return errors.Join(wrong, err) // the card stays as it is, and is read again
		}
		if err := r.card.write(last...); err != nil {
			return errors.Join(wrong, err)
		}
		r.settleRecord()
		return errors.Join(wrong, r.keep())
	})
	if !kept { // a card that cannot be written to must not undo at every boot what is changed on the device later
		err = errors.Join(err, r.keep())
	}
	return err
}

// settleRecord forgets how files were that are blanked by now: should a person write the very same again, it is to be read.
func (r *bootRun) settleRecord() {
	for name, seen := range r.record.Files {
		seen.Read = seen.Left
		r.record.Files[name] = seen
	}
}

// keep writes the record, if it says something else than before.
func (r *bootRun) keep() error {
	text, err := r.record.text()
	if err != nil {
		return err
	}
	name := filepath.Join(r.Root, recordFile)
	if was, err := durable.Read(name, maxOwn); err == nil && bytes.Equal(was, text) {
		return nil
	}
	if err := replace(name, text, 0o600, 0); err != nil {
		return fmt.Errorf("remember what was taken over: %w", err)
	}
	return nil
}

// Lines is the report as lines for the journal.
func (r Report) Lines() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch {
	case len(r.Read) == 0:
		add("Nothing new on the card.")
	case len(r.Taken) == 0 && len(r.Mistakes) > 0:
		add("Read %v and took over nothing.", r.Read)
	case len(r.Taken) == 0:
		add("Read %v: nothing is set there.", r.Read)
	default:
		add("Read %v and took over %v.", r.Read, r.Taken)
	}
	if r.MadePIN {
		add("A PIN was made; it is in %s on the card.", deviceFile)
	}
	for _, m := range r.Mistakes {
		add("Not used: %s", m)
	}
	for _, n := range r.Notes {
		add("Note: %s", n)
	}
	return lines
}
