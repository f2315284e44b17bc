package update

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/feature"
	"calendarbot/agent/slot"
)

// What a device updates by itself, as in update.automatic.
const (
	AutomaticOff   = "off"
	AutomaticAgent = "agent"
	AutomaticAll   = "all"
)

// Facts are what a device is and wants, as far as Choose needs it.
type Facts struct {
	Now       time.Time // in the zone of the household
	Device    string    // names the device among all, never shown
	Channel   string
	Automatic string // AutomaticOff, AutomaticAgent or AutomaticAll
	Window    Window
	Running   map[slot.Kind]string        // versions of agent and system; what is not in it is not updated here
	Baked     string                      // version of the program that came with the system: none older is ever started
	Digest    string                      // SHA-256 of the program that runs, hex: what a patch is made against
	Bundle    string                      // SHA-256 of what the system that runs was installed from, hex; "" when that is not known
	Denied    map[slot.Kind][]slot.Denial // what was tried and went back, or was refused before that
	Formats   []int                       // formats of the configurations that are kept here
	Withdrawn []Withdrawal
	Trial     string // what is on trial now, as "version 1.2.3 of the program"; "" for nothing
	// Asked is what somebody wants now: then neither the window, nor the part of the devices, nor Automatic, nor Channel count.
	Asked Asked
}

// Asked is what somebody wants to be installed now.
type Asked struct {
	Now     bool      // somebody does
	Kind    slot.Kind // "" for any
	Version string    // "" for the newest
}

// Choice is what a device does.
type Choice struct {
	Install *Offer    // the whole release to install now; nil for none
	Patch   *Offer    // of Install, against the program that runs; nil for none
	Back    []Back    // what runs is withdrawn and nothing newer takes its place now
	Listed  []Release // all that is newer, and what could be, newest first
	Waiting string    // why nothing of Listed is installed now, as a sentence; "" when something is, or nothing is newer
}

// Back is what is to go back because it was withdrawn.
type Back struct {
	Kind         slot.Kind
	Version, Why string
}

// Thing names a kind as a person would: "version 1.2.3 of the program".
func Thing(kind slot.Kind, version string) string {
	return "version " + version + " of the " + kind.Thing()
}

// Choose says which of the offers a device installs now, and of each other one that is newer why not. One at a time: what is newest
// of the program first, as that needs no restart of the device.
func Choose(offers []Offer, f Facts) Choice {
	var c Choice
	for _, kind := range []slot.Kind{slot.Agent, slot.System} {
		if f.Running[kind] == "" {
			continue
		}
		taken := false
		for _, o := range wholes(offers, kind) {
			r, listed := f.judge(o)
			if !listed {
				continue
			}
			patch := f.patch(offers, o)
			if patch != nil {
				r.Patch = patch.Length
			}
			if r.WhyNot == "" {
				switch {
				case taken:
					r.WhyNot = "A newer version is there."
				case c.Install != nil:
					r.WhyNot = "One after the other: " + Thing(c.Install.Kind, c.Install.Version) + " comes first."
				default:
					c.Install, c.Patch = &o, patch
				}
				taken = true
			}
			c.Listed = append(c.Listed, r)
		}
		if w, ok := f.withdrawn(kind, f.Running[kind]); ok && (c.Install == nil || c.Install.Kind != kind) {
			c.Back = append(c.Back, Back{kind, w.Version, w.Why})
		}
	}
	if c.Install == nil && f.Asked.Now {
		c.Waiting = f.notFound(offers, c.Listed)
	} else if c.Install == nil {
		for _, r := range c.Listed {
			if !r.Refused {
				c.Waiting = upper(Thing(r.Kind, r.Version)) + " waits. " + r.WhyNot
				break
			}
		}
	}
	c.Listed = c.Listed[:min(len(c.Listed), mostListed)]
	return c
}

// wholes are the whole releases of a kind, newest first.
func wholes(offers []Offer, kind slot.Kind) []Offer {
	var list []Offer
	for _, o := range offers {
		if o.Kind == kind && !o.Patch() {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(a, b Offer) int {
		switch {
		case slot.Newer(a.Version, b.Version):
			return -1
		case slot.Newer(b.Version, a.Version):
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return list
}

// patch is the patch that makes a release of the program that runs.
func (f Facts) patch(offers []Offer, whole Offer) *Offer {
	for _, o := range offers {
		if whole.Kind == slot.Agent && o.Patch() && o.From.SHA256 == f.Digest && o.Content == whole.Content && o.Length < whole.Length {
			return &o
		}
	}
	return nil
}

// judge tells whether an offer is worth to be named, and why it is not installed now. First what speaks against it for good, then
// what this device lacks, then what only time brings: so the sentence is the one that matters.
func (f Facts) judge(o Offer) (Release, bool) {
	r := Release{Kind: o.Kind, Version: o.Version, Notes: o.Notes, Size: o.Length, Published: o.Published, Percent: o.Percent}
	runs := f.Running[o.Kind]
	instead := f.instead(o)
	named := f.Asked.Now && f.Asked.Version == o.Version && (f.Asked.Kind == "" || f.Asked.Kind == o.Kind)
	if f.runs(o) || (!slot.Newer(o.Version, runs) && !instead && !named) || (o.Channel != f.Channel && !named) {
		return r, false
	}
	r.WhyNot, r.Refused = f.against(o, instead)
	if r.WhyNot == "" {
		r.WhyNot = f.notNow(o)
	}
	return r, true
}

// runs tells whether an offer is what runs. A system may call itself otherwise than it was published.
func (f Facts) runs(o Offer) bool {
	return o.Version == f.Running[o.Kind] || o.Kind == slot.System && f.Bundle != "" && o.SHA256 == f.Bundle
}

// instead tells whether an offer may take the place of what runs though it is older, as that is withdrawn. No older system is installed: its
// installer refuses it, and there is one to go back to.
func (f Facts) instead(o Offer) bool {
	_, leave := f.withdrawn(o.Kind, f.Running[o.Kind])
	return leave && o.Kind == slot.Agent && !slot.Newer(f.Baked, o.Version)
}

// against is what speaks against an offer whoever asks for it.
func (f Facts) against(o Offer, instead bool) (why string, refused bool) {
	if w, ok := f.withdrawn(o.Kind, o.Version); ok {
		return "It was withdrawn: " + sentence(w.Why), true
	}
	for _, d := range f.Denied[o.Kind] {
		if d.Version == o.Version {
			day := d.At.In(f.Now.Location()).Format("2 January")
			return "It is not taken any more since " + day + ": " + sentence(d.Why), true
		}
	}
	runs := f.Running[o.Kind]
	switch {
	case !slot.Newer(o.Version, runs) && !instead:
		return "It is older than what runs (" + runs + "); \"calendarbot update back\" goes back to what ran before.", true
	case o.MinAgent != "" && slot.Newer(o.MinAgent, f.Running[slot.Agent]):
		return "It needs version " + o.MinAgent + " of the program first.", true
	case o.MinSystem != "" && slot.Newer(o.MinSystem, f.Running[slot.System]):
		return "It needs version " + o.MinSystem + " of the system first.", true
	}
	for _, format := range f.Formats {
		if len(o.ConfigFormats) > 0 && !slices.Contains(o.ConfigFormats, format) {
			return fmt.Sprintf("It cannot read the configuration of this device (format %d).", format), true
		}
	}
	switch f.Trial {
	case "":
		return "", false
	case Thing(o.Kind, o.Version):
		return "It is on trial already.", false
	}
	return upper(f.Trial) + " is on trial; one at a time.", false
}

// notNow is why the device does not take by itself now what nothing speaks against.
func (f Facts) notNow(o Offer) string {
	if f.Asked.Now {
		switch {
		case f.Asked.Kind != "" && f.Asked.Kind != o.Kind, f.Asked.Version != "" && f.Asked.Version != o.Version:
			return "Another one was asked for."
		}
		return ""
	}
	switch {
	case !feature.On("update/"+o.Version, f.Device, o.Percent):
		return fmt.Sprintf("It is rolled out to %d %% of all devices, and this is none of them yet.", o.Percent)
	case f.Automatic == AutomaticOff:
		return "Updates are installed only when somebody asks for it (update.automatic)."
	case f.Automatic == AutomaticAgent && o.Kind == slot.System:
		return "The system is updated only when somebody asks for it (update.automatic)."
	case !f.Window.Open(f.Now):
		return fmt.Sprintf("It is installed in the hours %s (update.window), next on %s.", f.Window, f.Window.Next(f.Now).Format("Mon 2 Jan at 15:04"))
	}
	return ""
}

// notFound is why what somebody asked for is not installed.
func (f Facts) notFound(offers []Offer, listed []Release) string {
	for _, kind := range f.askedKinds() {
		if f.Asked.Version != "" && f.Trial == Thing(kind, f.Asked.Version) {
			return upper(f.Trial) + " is on trial already."
		}
	}
	for _, r := range listed {
		switch {
		case f.Asked.Version != "" && r.Version != f.Asked.Version || f.Asked.Kind != "" && r.Kind != f.Asked.Kind:
		case r.Refused:
			return upper(Thing(r.Kind, r.Version)) + " is not installed. " + r.WhyNot
		default:
			return upper(Thing(r.Kind, r.Version)) + " waits. " + r.WhyNot
		}
	}
	if f.Asked.Version == "" {
		return f.otherChannels(offers)
	}
	return f.noSuch(offers)
}

// askedKinds are the kinds that somebody may have meant.
func (f Facts) askedKinds() []slot.Kind {
	if f.Asked.Kind != "" {
		return []slot.Kind{f.Asked.Kind}
	}
	return []slot.Kind{slot.Agent, slot.System}
}

// noSuch is why a version that somebody asked for is none that could be installed: it runs, it was withdrawn, or it is not there, though perhaps
// of the other kind.
func (f Facts) noSuch(offers []Offer) string {
	version, kinds := f.Asked.Version, f.askedKinds()
	for _, kind := range kinds {
		if f.Running[kind] == version {
			return upper(Thing(kind, version)) + " runs already."
		}
	}
	for _, o := range offers {
		if f.runs(o) && o.Version == version && slices.Contains(kinds, o.Kind) {
			return upper(Thing(o.Kind, version)) + " runs already, and calls itself " + f.Running[o.Kind] + "."
		}
	}
	for _, kind := range kinds {
		if w, ok := f.withdrawn(kind, version); ok {
			return upper(Thing(kind, version)) + " was withdrawn: " + sentence(w.Why)
		}
	}
	if f.Asked.Kind == "" {
		return "There is no version " + version + " in the repository."
	}
	words := "There is no " + Thing(f.Asked.Kind, version) + " in the repository."
	for _, o := range offers {
		if o.Version == version && o.Kind != f.Asked.Kind {
			return words + " There is " + Thing(o.Kind, version) + "."
		}
	}
	return words
}

// otherChannels says that there is nothing in the channel of this device, where others have something newer.
func (f Facts) otherChannels(offers []Offer) string {
	var others []string
	for _, o := range offers {
		switch {
		case f.Running[o.Kind] == "" || f.Asked.Kind != "" && f.Asked.Kind != o.Kind:
		case o.Channel == f.Channel:
			return ""
		case slot.Newer(o.Version, f.Running[o.Kind]) && !f.runs(o) && !slices.Contains(others, o.Channel):
			others = append(others, o.Channel)
		}
	}
	if len(others) == 0 {
		return ""
	}
	slices.Sort(others)
	return "What is there is of the channel " + strings.Join(others[:min(len(others), 3)], ", ") + ", and this device takes " + f.Channel + " (update.channel)."
}

func (f Facts) withdrawn(kind slot.Kind, version string) (Withdrawal, bool) {
	i := slices.IndexFunc(f.Withdrawn, func(w Withdrawal) bool { return w.Kind == kind && w.Version == version })
	if i < 0 {
		return Withdrawal{}, false
	}
	return f.Withdrawn[i], true
}

// sentence ends a text as one.
func sentence(text string) string { return strings.TrimRight(text, ". ") + "." }

// upper begins a text as a sentence. What Thing says begins with a letter of ASCII.
func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
