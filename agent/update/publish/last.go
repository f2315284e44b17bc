package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"calendarbot/agent/durable"
)

const (
	// lastName is the file beside the keys that has what they signed last.
	lastName = "last.json"
	mostLast = 64      // repositories that it has; those that were signed longest ago give way
	mostFile = 1 << 20 // bytes of it
)

// last is what the keys signed last for a repository. Everything in the repository itself can be taken back to what was there before by who may write
// its folder, with signatures that hold: only what is kept elsewhere tells, so that nobody signs an older state anew.
type last struct {
	Repository string           `json:"repository"` // its folder
	Versions   map[string]int64 `json:"versions"`   // by role
	Signed     time.Time        `json:"signed"`
}

// ErrOlder is that a repository is older than what was signed last.
var ErrOlder = errors.New("the repository is older than what these keys signed last")

// versions are those of what is signed from day to day.
func (r *Repository) versions() map[string]int64 {
	return map[string]int64{Targets: r.targets.Signed.Version, Snapshot: r.snapshot.Signed.Version, Timestamp: r.timestamp.Signed.Version}
}

// older tells whether somebody put an older state into the repository's folder.
func (r *Repository) older() error {
	known, err := r.last()
	if err != nil {
		return err
	}
	for _, role := range Roles() {
		if is, was := r.versions()[role], known[role]; is < was {
			return fmt.Errorf("%s is version %d, and version %d was signed here: %w; put the newer one back, or remove %s if the older one is to hold",
				role, is, was, ErrOlder, filepath.Join(r.keys.dir, lastName))
		}
	}
	return nil
}

// last are the versions of what was signed last in this folder; none where nothing was.
func (r *Repository) last() (map[string]int64, error) {
	here, err := r.place()
	if err != nil {
		return nil, err
	}
	list, err := r.keys.lasts()
	for _, l := range list {
		if l.Repository == here {
			return l.Versions, err
		}
	}
	return nil, err
}

// keepLast keeps what was signed just now.
func (r *Repository) keepLast(now time.Time) error {
	unlock, err := lockFolder(r.keys.dir, syscall.LOCK_EX) // it is kept for others too
	if err != nil {
		return err
	}
	defer unlock()
	here, err := r.place()
	if err != nil {
		return err
	}
	list, err := r.keys.lasts()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(l last) bool { return l.Repository == here })
	list = append(list, last{Repository: here, Versions: r.versions(), Signed: now.UTC().Truncate(time.Second)})
	text, err := json.MarshalIndent(list[max(0, len(list)-mostLast):], "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.keys.dir, lastName), append(text, '\n'))
}

// lasts is all that the file has, what was signed longest ago first.
func (k *Keys) lasts() ([]last, error) {
	name := filepath.Join(k.dir, lastName)
	text, err := durable.Read(name, mostFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was signed last: %w", err)
	}
	var list []last
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read what was signed last in %s: %w", name, err)
	}
	return list, nil
}

// place names the repository's folder whatever way leads there.
func (r *Repository) place() (string, error) {
	whole, err := filepath.Abs(r.dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(whole)
}
