package page

import (
	"strconv"

	"github.com/valyala/quicktemplate"
)

// UpdateView is the page of versions and updates.
type UpdateView struct {
	Token       string // of every form
	LoggedIn    bool
	Done, Wrong string // how the last form went
	Sure        string // the button that is to be confirmed, by its name; "" for none

	Look     string // of the headline: fine, notice, warning
	Headline string
	Words    string // below it
	Busy     bool   // it is to be looked at again soon
	Say      string // what is read aloud when it changes

	Slotted  bool // this installation has slots; else there is nothing but Words and level 1
	Progress *ProgressView
	Runs     []RunRow
	Ended    []EndRow // how trials ended, that a person should know of
	Checked  string
	Problem  string // why the last check did not work
	Notice   string
	Waiting  string
	Releases []ReleaseRow
	Upload   UploadView
	Config   ConfigView
	Levels   []LevelRow
	Asked    string // the rollback that is asked for; ""
}

// ProgressView is what an update is at.
type ProgressView struct {
	Words, Detail string
	Percent       int // 0-100; below 0: not known
}

// RunRow is what runs of a kind, and what there was before.
type RunRow struct {
	Kind, Title, Version, Detail string
	Trial                        string // what is on trial, and how long yet; ""
	Former                       string // "" where there is nothing to go back to
	InUse                        string // what is gone back from, by its version; "" where that is not known
	Restarts                     bool   // going back restarts the device
}

// EndRow is how a trial ended.
type EndRow struct{ Kind, Words, Why, When string }

// ReleaseRow is a version that is there.
type ReleaseRow struct {
	Kind, Version, Title, Facts, Notes, WhyNot string
	Installable, Restarts                      bool
	Denied                                     bool // it is on the list of those that are not tried again
}

// UploadView is a file that was sent here.
type UploadView struct {
	Words  string // what is there of it; ""
	Most   int64  // bytes that are taken
	Pieces int    // bytes that are sent at once
}

// ConfigView is the two configurations.
type ConfigView struct {
	Words     string
	Candidate string    // where a candidate lies: "a", "b"; "" for none
	Title     string    // of what the candidate changes
	Changes   []FactRow // setting, from what to what
	Files     []FactRow // file, how
	Conflicts []FactRow // setting, what holds and what came
	Wrong     string
	Try, Keep bool // what can be done
	Stage     bool
}

// LevelRow is a way back.
type LevelRow struct {
	Level             int
	Title, Does, Goal string
	Off               string // why it does nothing now; ""
}

// Update draws the page of versions and updates.
func Update(f *Frame, v *UpdateView) []byte {
	u := loadAssets().url
	return outputOf(func(w *quicktemplate.Writer) { streamupdatePage(w, f, v, u["status.css"], u["update.js"]) })
}

// sure tells whether a button is to be confirmed now.
func (v *UpdateView) sure(name string) bool { return v.Sure == name }

// levelText is the number of a level.
func levelText(level int) string { return strconv.Itoa(level) }
