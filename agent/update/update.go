// Package update is what a device knows of newer programs and systems: which there are, which it takes, and why not the others. How
// they come here is repository's and install's.
package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// Where things are, below the root folder ("/" on the device).
const (
	Folder         = "data/update"                            // of root: the trusted metadata, downloads, status.json
	StatusFile     = "data/update/status.json"                // what the last check found; everybody may read it
	ProgressFile   = "run/calendarbot-update/progress.json"   // what a running update is at; gone with the device's restart
	OrdersFolder   = "var/lib/calendarbot/update/orders"      // what the program or a person asks for; see slot.Send
	UploadFolder   = "var/lib/calendarbot/update/upload"      // one repository as UploadName, by the page
	UploadName     = "repository.tar"                         // in UploadFolder
	RootFile       = "usr/share/calendarbot/update/root.json" // the keys that were baked
	AddressFile    = "usr/share/calendarbot/update/url"       // the address that was baked; may be missing
	MostNotes      = 8 << 10                                  // bytes of Custom.Notes
	MostStatusFile = 1 << 20                                  // bytes of a status.json that is read
	mostListed     = 64                                       // releases and withdrawals in a Status
)

// NoAddress is the Code of a Status where nobody said at which repository to look, which is no fault where updates come as a file.
const NoAddress = "no_address"

// Status is what the last check found, and what is under way.
type Status struct {
	Checked   time.Time            `json:"checked,omitzero"`  // when a repository was last looked at, whatever came of it; zero: never
	From      string               `json:"from,omitempty"`    // where: an address, a folder or a file
	Code      string               `json:"code,omitempty"`    // why that did not work, as a word (see repository.Code); "" when it did
	Problem   string               `json:"problem,omitempty"` // the same as a sentence
	Running   map[slot.Kind]string `json:"running,omitempty"` // versions of what runs: agent and system
	Available []Release            `json:"available,omitempty"`
	Waiting   string               `json:"waiting,omitempty"` // why nothing is installed now though something could be, as a sentence
	Notice    string               `json:"notice,omitempty"`  // what is to be known of how it was checked: a clock that nobody confirms, an address without TLS
	Withdrawn []Withdrawal         `json:"withdrawn,omitempty"`
	Failed    *Failure             `json:"failed,omitempty"`   // what was not installed, until something is
	Own       Look                 `json:"own,omitzero"`       // the last one that nobody asked for
	Progress  *Progress            `json:"progress,omitempty"` // of a running update; never in the file, ReadStatus puts it in
}

// FromFile tells whether a file or a folder was looked at last, uploaded or on a stick, and not what an address leads to.
func (s Status) FromFile() bool { return s.From != "" && !strings.Contains(s.From, "://") }

// Look is when a repository was looked at, and how that went.
type Look struct {
	At   time.Time `json:"at,omitzero"`
	Code string    `json:"code,omitempty"` // as Status.Code
}

// Release is something newer than what runs, or that could run instead.
type Release struct {
	Kind      slot.Kind `json:"kind"`
	Version   string    `json:"version"`
	Notes     string    `json:"notes,omitempty"` // plain text
	Size      int64     `json:"size"`            // bytes to fetch of the whole
	Patch     int64     `json:"patch,omitempty"` // bytes to fetch of a patch against what runs; 0: there is none
	Published time.Time `json:"published,omitzero"`
	Percent   int       `json:"percent"`           // of all devices
	WhyNot    string    `json:"why_not,omitempty"` // why this device does not take it by itself now, as a sentence; "" when it does
	Refused   bool      `json:"refused,omitempty"` // not even when somebody asks for it
}

// Failure is a release that could not be installed, though it came here whole.
type Failure struct {
	Kind    slot.Kind `json:"kind"`
	Version string    `json:"version"`
	Times   int       `json:"times"`
}

// Progress is what a running update is at.
type Progress struct {
	Step    string    `json:"step"` // check, download, patch, verify, stage, try, install
	Kind    slot.Kind `json:"kind,omitempty"`
	Version string    `json:"version,omitempty"`
	Done    int64     `json:"done,omitempty"`  // bytes, or percent in "install"
	Total   int64     `json:"total,omitempty"` // the same unit; 0: not known
	Words   string    `json:"words,omitempty"` // what the system's installer said last
	Since   time.Time `json:"since"`
}

// Withdrawal is a release that is not to run anywhere any more.
type Withdrawal struct {
	Kind    slot.Kind `json:"kind"`
	Version string    `json:"version"`
	Why     string    `json:"why"`
}

// ReadStatus reads what the updater left below a root folder, and what it is at. A device that never looked has the zero Status.
func ReadStatus(root string) (Status, error) {
	var s Status
	if err := read(filepath.Join(root, StatusFile), &s); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Status{}, fmt.Errorf("read the state of updates: %w", err)
	}
	s.Available, s.Withdrawn = s.Available[:min(len(s.Available), mostListed)], s.Withdrawn[:min(len(s.Withdrawn), mostListed)]
	s.Progress = nil
	var p Progress
	switch err := read(filepath.Join(root, ProgressFile), &p); {
	case err == nil && p.Step != "":
		s.Progress = &p
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return s, fmt.Errorf("read what the update is at: %w", err)
	}
	return s, nil
}

// read reads JSON of a bounded length.
func read(name string, into any) error {
	text, err := durable.Read(name, MostStatusFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
