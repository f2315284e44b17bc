package overlay

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
)

// Shown is what there is to say about the configuration slots. No secret is in it.
type Shown struct {
	Active  slot.Name     `json:"active"`
	Running slot.Name     `json:"running,omitempty"` // that lies over /etc now; missing when that is not known
	Next    slot.Name     `json:"next"`              // that the next start chooses
	Former  slot.Name     `json:"former,omitempty"`  // to go back to
	Trial   *slot.Trial   `json:"trial,omitempty"`
	Last    *slot.Outcome `json:"last,omitempty"`
	Denied  []slot.Denial `json:"denied,omitempty"`
	Slots   []ShownSlot   `json:"slots"`
	Wrong   string        `json:"wrong,omitempty"` // what could not be read of the state
}

// ShownSlot is one slot.
type ShownSlot struct {
	Name      slot.Name           `json:"name"`
	Version   string              `json:"version,omitempty"` // of a candidate, or of what was one
	Format    int                 `json:"format,omitempty"`
	Staged    *time.Time          `json:"staged,omitempty"`
	Changes   []config.Difference `json:"changes"`             // of calendarbot.yaml: from what came with the slot to what was changed on the device
	Files     []string            `json:"files"`               // other files that were changed on the device
	Conflicts []config.Conflict   `json:"conflicts,omitempty"` // where the person's holds though the system came with something else
	Wrong     string              `json:"wrong,omitempty"`     // what could not be read
}

// Show returns what there is to say about both slots. What cannot be read is told in it.
func Show(root string) Shown {
	d := device(root)
	state, err := d.states().Read(slot.Config)
	shown := Shown{
		Active: state.Active, Running: d.mounted(), Next: state.Runs(), Former: state.Former, Trial: state.Trial, Last: state.Last, Denied: state.Denied,
	}
	if err != nil {
		shown.Wrong = err.Error()
	}
	for _, n := range []slot.Name{slot.A, slot.B} {
		s := d.show(n)
		content, known := state.Slots[n]
		if s.Version, s.Format = content.Version, content.Format; known {
			s.Staged = &content.At
		}
		shown.Slots = append(shown.Slots, s)
	}
	return shown
}

func (d device) show(n slot.Name) ShownSlot {
	s := ShownSlot{Name: n, Changes: []config.Difference{}, Files: []string{}}
	var wrong []error
	upper := filepath.Join(d.slot(n), etcFolder)
	list, err := names(upper)
	wrong = append(wrong, err)
	for _, name := range list {
		if name != agentFile {
			s.Files = append(s.Files, "/etc/"+name)
		}
	}
	slices.Sort(s.Files)
	came, errCame := settings(d.baked(n))
	mine, errMine := settings(upper)
	wrong = append(wrong, errCame, errMine)
	if mine.kind == file && errCame == nil && errMine == nil {
		changes, err := config.Compare(came.text, mine.text)
		wrong = append(wrong, err)
		s.Changes = append(s.Changes, changes...)
	}
	s.Conflicts, err = readConflicts(filepath.Join(d.slot(n), conflictsFile))
	if err := errors.Join(append(wrong, err)...); err != nil {
		s.Wrong = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return s
}

// Differences is how two slots differ as they would be mounted.
type Differences struct {
	From     slot.Name           `json:"from"`
	To       slot.Name           `json:"to"`
	Settings []config.Difference `json:"settings"` // of calendarbot.yaml; secrets are masked
	Files    []FileDifference    `json:"files"`
}

// FileDifference is a file that is not the same in both.
type FileDifference struct {
	Name string `json:"name"`
	How  string `json:"how"` // "changed", "added", "removed", or "unknown" to who may not read it
}

// Diff tells how two slots differ.
func Diff(root string, from, to slot.Name) (Differences, error) {
	d := device(root)
	out := Differences{From: from, To: to, Settings: []config.Difference{}, Files: []FileDifference{}}
	a, b := d.layers(from), d.layers(to)
	list, err := names(append(slices.Clone(a), b...)...)
	if err != nil {
		return out, err
	}
	slices.Sort(list)
	for _, name := range list {
		was, errA := effective(a, name)
		now, errB := effective(b, name)
		switch err := errors.Join(errA, errB); {
		case unreadable(err):
			out.Files = append(out.Files, FileDifference{"/etc/" + name, "unknown"})
		case err != nil:
			return out, err
		case was.same(now):
		case name == agentFile && was.kind != other && now.kind != other && was.kind != large && now.kind != large:
			if out.Settings, err = config.Compare(was.text, now.text); err != nil {
				return out, err
			}
		default:
			out.Files = append(out.Files, FileDifference{"/etc/" + name, how(was, now)})
		}
	}
	return out, nil
}

func how(was, now item) string {
	switch {
	case was.kind == nothing:
		return "added"
	case now.kind == nothing:
		return "removed"
	}
	return "changed"
}

// layers are the folders of a slot, the upper one first.
func (d device) layers(n slot.Name) []string {
	return []string{filepath.Join(d.slot(n), etcFolder), d.baked(n)}
}

// effective is what the first layer that says something says.
func effective(layers []string, name string) (item, error) {
	for _, top := range layers {
		switch i, err := itemAt(top, name); {
		case err != nil || i.kind == deleted:
			return item{}, err
		case i.kind != nothing:
			return i, nil
		}
	}
	return item{}, nil
}
