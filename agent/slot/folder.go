package slot

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"calendarbot/agent/durable"
)

// Folder holds the states: /data/slots on the device.
type Folder string

// Bounds of what is read.
const (
	mostState   = 64 << 10 // bytes
	mostVersion = 128      // bytes
)

func (f Folder) name(k Kind) string { return filepath.Join(string(f), string(k)+".json") }

// Read returns the state of a kind. Where nothing was written yet, it is the first one; a file that is none is an error that names
// it, and the first one.
func (f Folder) Read(k Kind) (State, error) {
	text, err := durable.Read(f.name(k), mostState)
	if errors.Is(err, fs.ErrNotExist) {
		return k.First(), nil
	}
	s := k.First()
	if err == nil {
		if s, err = parseState(k, text); err != nil {
			err = fmt.Errorf("%s: %w", f.name(k), err)
		}
	}
	if err != nil {
		return k.First(), fmt.Errorf("read the slots of the %s: %w", k, err)
	}
	return s, nil
}

// ErrNotWritten marks that the card refused: it may do so no longer when it is asked again, as when there was no room.
var ErrNotWritten = errors.New("it could not be written down")

func notWritten(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNotWritten, err)
}

// Change replaces the state of a kind by what do makes of it, and returns it as it then stands. An error of do changes nothing, nor does one of the card,
// which is ErrNotWritten. While it runs nobody else changes any. A broken file is put aside as KIND.json.broken first. A new trial is refused while one of another kind runs.
func (f Folder) Change(k Kind, do func(State) (State, error)) (State, error) {
	was := k.First()
	if err := durable.MakeFolder(string(f), 0o755); err != nil {
		return was, fmt.Errorf("change the slots of the %s: %w", k, notWritten(err))
	}
	var refused error
	err := f.alone(func() error {
		var err error
		if was, err = f.Read(k); err != nil {
			if err := durable.Rename(f.name(k), f.name(k)+".broken"); err != nil {
				return notWritten(err)
			}
		}
		next, err := do(was)
		if err != nil {
			refused = err
			return err
		}
		if was.Trial == nil && next.Trial != nil {
			if other, trial, err := f.Trial(); err == nil && trial != nil {
				refused = fmt.Errorf("%s %s is on trial; one thing is tried at a time", other.Thing(), trial.Version)
				return refused
			}
		}
		text, err := json.MarshalIndent(next, "", "  ")
		if err != nil {
			return err
		}
		if _, err := parseState(k, text); err != nil { // what is written can be read
			return err
		}
		if err := durable.Write(f.name(k), append(text, '\n'), 0o644); err != nil {
			return notWritten(err)
		}
		was = next
		return nil
	})
	if refused != nil {
		return was, err // which says by itself what is wrong
	}
	if err != nil {
		return was, fmt.Errorf("change the slots of the %s: %w", k, err)
	}
	return was, nil
}

// alone does something while no other program does so. The lock is a file that only its owner can open: nobody else can hold it.
func (f Folder) alone(do func() error) error {
	file, err := os.OpenFile(filepath.Join(string(f), "lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return notWritten(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return errors.Join(fmt.Errorf("lock %s: %w", f, err), file.Close())
	}
	return errors.Join(do(), file.Close())
}

// Trial is what is on trial, of whatever kind; nil for nothing. What cannot be read is an error beside what can.
func (f Folder) Trial() (Kind, *Trial, error) {
	var wrong []error
	for _, k := range Kinds() {
		s, err := f.Read(k)
		if s.Trial != nil {
			return k, s.Trial, nil
		}
		wrong = append(wrong, err)
	}
	return "", nil, errors.Join(wrong...)
}

// Answer is what became of the last order or request, for a person.
type Answer struct {
	Do      string    `json:"do"` // of the Order; "rollback" for a Request
	Kind    Kind      `json:"kind,omitempty"`
	Level   int       `json:"level,omitempty"` // of a Request
	Words   string    `json:"words"`           // a sentence; why it was refused when it was
	Refused bool      `json:"refused"`
	At      time.Time `json:"at"`
}

const mostAnswer = 8 << 10 // bytes

// Tell keeps an answer for those who ask with Told.
func (f Folder) Tell(a Answer) error {
	a.Words = line(a.Words, 4*mostWhy)
	text, err := json.Marshal(a)
	if err == nil {
		err = durable.MakeFolder(string(f), 0o755)
	}
	if err == nil {
		err = f.alone(func() error { return durable.Write(f.name("answer"), append(text, '\n'), 0o644) })
	}
	if err != nil {
		return fmt.Errorf("tell what became of an order: %w", err)
	}
	return nil
}

// Told is the last answer; nil for none.
func (f Folder) Told() (*Answer, error) {
	text, err := durable.Read(f.name("answer"), mostAnswer)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var a Answer
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return nil, fmt.Errorf("read what became of an order: %w", err)
	}
	a.Words = line(a.Words, 4*mostWhy)
	return &a, nil
}

// parseState reads what Change wrote, or what a newer program wrote, which may say more. What it returns is within the bounds of State.
func parseState(k Kind, text []byte) (State, error) {
	s := State{kind: k}
	if err := json.Unmarshal(text, &s); err != nil {
		return k.First(), fmt.Errorf("it is not the state of slots: %w", err)
	}
	return s, s.check()
}

// check says what is outside the bounds.
func (s State) check() error {
	slot := func(n Name) bool { return n == A || n == B }
	switch {
	case !slot(s.Active) && (s.Active != Baked || s.kind != Agent):
		return fmt.Errorf("there is no slot %q to be active", s.Active)
	case !slot(s.Former) && s.Former != Baked:
		return fmt.Errorf("there is no slot %q to be the former one", s.Former)
	case len(s.Denied) > MostDenied:
		return fmt.Errorf("%d versions are denied; allowed are %d", len(s.Denied), MostDenied)
	}
	for n, c := range s.Slots {
		if !slot(n) {
			return fmt.Errorf("there is no slot %q", n)
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	var texts []string
	if t := s.Trial; t != nil {
		switch {
		case !slot(t.Slot) || t.Slot == s.Active:
			return fmt.Errorf("slot %q cannot be on trial", t.Slot)
		case t.Tries < 0 || t.Tries > MostTries || t.Started < 0 || t.Started > MostTries:
			return fmt.Errorf("%d tries are left after %d; allowed is 0 to %d", t.Tries, t.Started, MostTries)
		}
		texts = append(texts, t.Version, t.By, t.Boot)
	}
	if c := s.Coming; c != nil {
		if !slot(c.Slot) {
			return fmt.Errorf("there is no slot %q to be written to", c.Slot)
		}
		if err := c.Content.check(); err != nil {
			return err
		}
		texts = append(texts, c.By)
	}
	if o := s.Last; o != nil {
		texts = append(texts, o.Version, o.Why, o.By, o.Boot)
	}
	for _, d := range s.Denied {
		texts = append(texts, d.Version, d.Why, d.Digest)
	}
	for _, text := range texts {
		if len(text) > 4*mostWhy || text != line(text, mostWhy) {
			return fmt.Errorf("a text is not one line of at most %d characters", mostWhy)
		}
	}
	return nil
}

// check says what is outside the bounds.
func (c Content) check() error {
	digest, err := hex.DecodeString(c.Digest)
	switch {
	case len(c.Version) > mostVersion || c.Version != line(c.Version, mostVersion):
		return fmt.Errorf("its version is not one line of at most %d bytes", mostVersion)
	case err != nil || len(digest) != 0 && len(digest) != 32:
		return errors.New("its digest is not a SHA-256 in hex digits")
	case c.Size < 0 || c.Format < 0:
		return errors.New("its size or format is below zero")
	}
	return nil
}
