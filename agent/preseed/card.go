package preseed

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"calendarbot/agent/durable"
)

// The files that the device writes on the card, for people.
const (
	errorsFile = "calendarbot-errors.txt"
	deviceFile = "calendarbot-device.txt"
)

// personNames are the names of the person's file, the first that is there and says something counts. Editors of Windows add .txt.
func personNames() []string {
	return []string{"calendarbot.yaml", "calendarbot.yml", "calendarbot.yaml.txt", "calendarbot.yml.txt"}
}

// imagerNames are those of Raspberry Pi Imager, the newer first.
func imagerNames() []string { return []string{"rpi-preseed.toml", "custom.toml"} }

// cardFile is a file of the card as it was read.
type cardFile struct {
	name   string // as it is written there
	imager bool
	data   []byte
	err    error // why it cannot be read, in words
}

// parse reads it.
func (f cardFile) parse() *Sheet {
	switch {
	case f.err != nil:
		s := &Sheet{File: f.name}
		s.mistake("", 0, "%v", f.err)
		return s
	case f.imager:
		return ParseImager(f.name, f.data)
	}
	return Parse(f.name, f.data)
}

// without returns its bytes without the secrets of some sections.
func (f cardFile) without(sections []string) []byte {
	text, how, err := decode(f.data)
	if f.err != nil || err != nil {
		return f.data
	}
	cut := blank(text, sections)
	if f.imager {
		cut = blankImager(text, sections)
	}
	if cut == text {
		return f.data
	}
	return how.encode(cut)
}

// silent tells whether nothing but comments stands in it.
func (f cardFile) silent() bool {
	text, _, err := decode(f.data)
	if err != nil || f.err != nil {
		return false
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// card is the partition that a person sees in any computer.
type card struct {
	dir     string
	remount func(dir string, writable bool) error
}

// maxEntries is how many files of the card are looked at.
const maxEntries = 1000

// files reads those that count: Imager's first, so that the person's wins. Of several of the person's the first counts that says
// something; the others are named in notes.
func (c card) files() (files []cardFile, notes []string, err error) {
	folder, err := os.Open(c.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("look at the card: %w", err)
	}
	entries, err := folder.ReadDir(maxEntries)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err = errors.Join(err, folder.Close()); err != nil {
		return nil, nil, fmt.Errorf("look at the card: %w", err)
	}
	for _, names := range [][]string{imagerNames(), personNames()} {
		var all []cardFile
		for _, name := range names {
			i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return strings.EqualFold(e.Name(), name) })
			if i < 0 {
				continue
			}
			f := cardFile{name: entries[i].Name(), imager: strings.HasSuffix(name, ".toml")}
			f.data, f.err = durable.Read(filepath.Join(c.dir, f.name), maxFile)
			switch {
			case errors.Is(f.err, durable.ErrTooLong):
				f.err = fmt.Errorf("the file is larger than %d KiB; what belongs into it is far smaller", maxFile>>10)
			case f.err != nil:
				f.data, f.err = nil, errors.New("this is not a file that can be read; delete it, and write a text file of that name")
			}
			all = append(all, f)
		}
		if len(all) == 0 {
			continue
		}
		at := max(0, slices.IndexFunc(all, func(f cardFile) bool { return !f.silent() }))
		for i, f := range all {
			if i != at && !f.silent() {
				notes = append(notes, fmt.Sprintf("%s was not read, since %s is there too; keep one of them", f.name, all[at].name))
			}
		}
		files = append(files, all[at])
	}
	return files, notes, nil
}

// change is a file to be written on the card; without a text it is removed.
type change struct {
	name string
	text []byte
}

// needed tells whether the card says otherwise.
func (c card) needed(ch change) bool {
	data, err := durable.Read(filepath.Join(c.dir, ch.name), maxOwn)
	if ch.text == nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return err != nil || string(data) != string(ch.text)
}

// write carries out changes. What stood in a file is overwritten where it stood, too: it may be a password.
func (c card) write(changes ...change) error {
	var wrong []error
	for _, ch := range changes {
		if err := c.put(ch); err != nil {
			wrong = append(wrong, fmt.Errorf("write %s on the card: %w", ch.name, err))
		}
	}
	return errors.Join(wrong...)
}

func (c card) put(ch change) error {
	name := filepath.Join(c.dir, ch.name)
	if ch.text == nil {
		return durable.Remove(name)
	}
	old, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		old = nil // there was none, or nothing that could be written over
	}
	err = replace(name, ch.text, 0, 0)
	if old != nil {
		if err == nil {
			err = wipe(old)
		}
		err = errors.Join(err, old.Close())
	}
	return err
}

// wipe writes zeros over a file that has no name any more.
func wipe(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if _, err := f.WriteAt(make([]byte, min(info.Size(), 2*maxFile)), 0); err != nil {
		return err
	}
	return f.Sync()
}

// writable makes the card writable while do runs, when it is mounted read-only.
func (c card) writable(do func() error) error {
	var at syscall.Statfs_t
	if err := syscall.Statfs(c.dir, &at); err != nil {
		return fmt.Errorf("look at the card: %w", err)
	}
	const readOnly = 1 // ST_RDONLY
	if at.Flags&readOnly == 0 {
		return do()
	}
	if err := c.remount(c.dir, true); err != nil {
		return fmt.Errorf("make the card writable: %w", err)
	}
	err := do()
	if back := c.remount(c.dir, false); back != nil {
		err = errors.Join(err, fmt.Errorf("make the card read-only again: %w", back))
	}
	return err
}

// remount changes whether a mounted file system can be written to; its other flags stay.
func remount(dir string, writable bool) error {
	var at syscall.Statfs_t
	if err := syscall.Statfs(dir, &at); err != nil {
		return err
	}
	const same = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC | syscall.MS_NOATIME | syscall.MS_SYNCHRONOUS | syscall.MS_NODIRATIME
	const relatime = 0x1000 // ST_RELATIME, which is another bit than MS_RELATIME
	flags := uintptr(syscall.MS_REMOUNT) | uintptr(at.Flags)&same
	if at.Flags&relatime != 0 {
		flags |= syscall.MS_RELATIME
	}
	if !writable {
		flags |= syscall.MS_RDONLY
	}
	return syscall.Mount("", dir, "", flags, "")
}
