// Package slot is the state of things of which there are two, one in use and one to fall back on: configurations, programs,
// systems. It is durable at every step. Transitions are pure (State); a Folder keeps them; Orders and Requests ask for them.
package slot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"calendarbot/agent/durable"
)

// Request is the wish to go back. It is carried out by whoever owns the slots; here it is kept.
type Request struct {
	Level int       `json:"level"` // 2: the other configuration slot; 3: the other program, then the other system
	Why   string    `json:"why"`   // a sentence for a person, on one line of at most 400 runes
	By    string    `json:"by"`    // "errors", "crash loop", "no ready", "watchdog", "person"; at most 40 runes
	At    time.Time `json:"at"`
	Count int       `json:"count"` // how often it was asked for since it was last carried out, or taken back; from 1
}

// Target says to what the request goes back, as a part of a sentence.
func (r *Request) Target() string {
	if r.Level == 3 {
		return "the other program, then the other system"
	}
	return "the other configuration"
}

// Words tells a person to what it goes back, and why.
func (r *Request) Words() string {
	why := strings.TrimRight(r.Why, ". ")
	first, size := utf8.DecodeRuneInString(why)
	if why == "" {
		return "To " + r.Target() + " (level " + strconv.Itoa(r.Level) + ")."
	}
	return "To " + r.Target() + " (level " + strconv.Itoa(r.Level) + "). " + string(unicode.ToUpper(first)) + why[size:] + "."
}

const (
	requestFile = "request.json"
	newFile     = "request.json.new" // what a crash leaves of it is written over by the next one

	mostLevel = 3
	mostBytes = 4096 // of the file; what Ask writes is shorter
	mostWhy   = 400  // runes
	mostBy    = 40   // runes
	mostCount = 1_000_000
)

// Ask keeps a request in a folder: written anew, synced and renamed, and the folder synced, so that a crash at any moment leaves
// the old one or the new one whole. Count is reckoned here. A request of a lower level than one that stands does not take its
// place, and changes nothing; one that cannot be read gives way. It makes the folder if it is not there, but not what that is in. Several programs may ask
// at the same time: one waits for the other.
func Ask(dir string, r Request) error {
	if r.Level != 2 && r.Level != 3 {
		return fmt.Errorf("ask to go back: there is no level %d; allowed are 2 and 3", r.Level)
	}
	if r.At.IsZero() {
		return errors.New("ask to go back: it is not said when that was wished")
	}
	if err := makeFolder(dir); err != nil {
		return fmt.Errorf("ask to go back: %w", err)
	}
	if err := alone(dir, func() error { return replace(dir, r) }); err != nil {
		return fmt.Errorf("ask to go back: %w", err)
	}
	return nil
}

// replace puts r into the folder, unless what stands there weighs more.
func replace(dir string, r Request) error {
	r.Count = 1
	if stands, err := read(filepath.Join(dir, requestFile)); err == nil && stands != nil {
		if stands.Level > r.Level {
			return nil
		}
		r.Count = min(stands.Count+1, mostCount)
	}
	r.Why, r.By = line(r.Why, mostWhy), line(r.By, mostBy)
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(dir, requestFile), append(text, '\n'), 0o644)
}

// Asked returns the request that stands; nil for none. A file that cannot be read as one is an error that names it.
func Asked(dir string) (*Request, error) {
	r, err := read(filepath.Join(dir, requestFile))
	if err != nil {
		return nil, fmt.Errorf("read the request to go back: %w", err)
	}
	return r, nil
}

// Settle takes the request back, as it is not wished any more. None is no error; what cannot be read as one goes too, and what stands in the place
// of the folder.
func Settle(dir string) error { return SettleUpTo(dir, mostLevel) }

// SettleUpTo is Settle for a request of a level that was carried out: one of a higher level that came meanwhile still stands.
func SettleUpTo(dir string, level int) error {
	info, err := os.Lstat(dir)
	switch {
	case err == nil && !info.IsDir():
		err = durable.RemoveAll(dir)
	case err == nil:
		err = alone(dir, func() error {
			if r, err := read(filepath.Join(dir, requestFile)); err == nil && r != nil && r.Level > level {
				return nil
			}
			return errors.Join(durable.RemoveAll(filepath.Join(dir, requestFile)), durable.RemoveAll(filepath.Join(dir, newFile)))
		})
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take the request to go back away: %w", err)
	}
	return nil
}

// makeFolder makes the folder, and has its name on the disk before anything is in it.
func makeFolder(dir string) error {
	if _, err := os.Stat(filepath.Dir(dir)); err != nil {
		return err
	}
	return durable.MakeFolder(dir, 0o755)
}

// The lock of a folder is held for one small file to be written.
const (
	lockTime  = 5 * time.Second
	lockPause = 20 * time.Millisecond
)

// alone does something while no other program, and no other goroutine, does so in the folder. The kernel takes the lock back from
// a program that ends. One that holds it longer than lockTime is no longer waited for: the folder belongs to a program that may be hostile, and what is done
// here is whole without the lock; only of two that ask at the same time one may be lost.
func alone(dir string, do func() error) error {
	folder, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	pause := time.NewTicker(lockPause)
	defer pause.Stop()
	for end := time.Now().Add(lockTime); ; <-pause.C {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || errors.Is(err, syscall.EWOULDBLOCK) && time.Now().After(end) {
			return errors.Join(do(), folder.Close())
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return errors.Join(fmt.Errorf("lock %s: %w", dir, err), folder.Close())
		}
	}
}

// read reads a request from a file; nil when there is no file.
func read(name string) (*Request, error) {
	text, err := durable.Read(name, mostBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// parse reads what Ask wrote, or what a newer program wrote, which may say more. Whatever else it is given, what it returns is
// within the bounds of Request.
func parse(text []byte) (*Request, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("it is longer than %d bytes", mostBytes)
	}
	var r Request
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("it is not a request: %w", err)
	}
	switch {
	case r.Level != 2 && r.Level != 3:
		return nil, fmt.Errorf("it asks for level %d; allowed are 2 and 3", r.Level)
	case r.Count < 1 || r.Count > mostCount:
		return nil, fmt.Errorf("it was asked for %d times; allowed is 1 to %d", r.Count, mostCount)
	case r.At.IsZero():
		return nil, errors.New("it does not say when it was asked for")
	}
	r.Why, r.By = line(r.Why, mostWhy), line(r.By, mostBy)
	return &r, nil
}

// line makes one line of at most so many runes of a text.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return strings.TrimSpace(text)
}
