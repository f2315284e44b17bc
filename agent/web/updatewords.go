package web

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"calendarbot/agent/config"
	"calendarbot/agent/page"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// Every word of the page of updates that is not told by others, or by package page, stands in this file.

// updateDone says what a form did; its name comes back in the address.
func updateDone(done string) string {
	return map[string]string{
		"check": "The device looks for newer versions now. What it finds is told here.", "apply": "The update begins.", "drop": "The file is removed.",
		"back": "Going back begins.", "noted": "It is noted that you know.", "allow": "It may be tried again; look for newer versions.", "stage": "A candidate is being made; load this page again.",
		"try": "The device restarts, and tries the candidate.", "keep": "What is on trial is being kept.", "level": "That is done, or begins now.", "settle": "That is taken back.",
	}[done]
}

// updateHeadline is how the versions stand, in a few words: what matters most.
func (s *Server) updateHeadline(v Versions) (look, headline, words string) {
	now := s.o.Now()
	if !v.Slotted {
		return "notice", "CalendarBot " + s.o.Version, noSlots
	}
	if p := v.Update.Progress; p != nil {
		if p.Step == "check" || p.Version == "" {
			return "notice", "The device looks for newer versions", ""
		}
		return "notice", "Version " + p.Version + " of the " + p.Kind.Thing() + " is being installed", "The calendar is shown meanwhile."
	}
	if k, t := v.Trial(); t != nil {
		return "notice", capital(Thing(k, t.Version)) + " is on trial", "It is kept when it runs well; else the one of before comes back by itself."
	}
	for _, k := range slot.Kinds() {
		if v.WentBack(k, now) != nil {
			return "warning", "What was tried did not run well", "What ran before runs again, and nothing is lost."
		}
	}
	switch {
	case v.Wrong != nil:
		return "warning", "Not everything is known", firstLine(v.Wrong)
	case v.Update.Code == update.NoAddress:
		return "notice", "No address of newer versions is set", ""
	case v.Update.Problem != "":
		return "warning", "Newer versions cannot be looked for", ""
	}
	for _, r := range v.Update.Available {
		if !r.Refused {
			return "notice", "There is a newer version", capital(Thing(r.Kind, r.Version)) + "."
		}
	}
	if v.Update.Checked.IsZero() {
		return "notice", "Nobody has looked for newer versions yet", ""
	}
	return "fine", "Everything is up to date", ""
}

// Thing is a version as a person would call it.
func Thing(k slot.Kind, version string) string {
	if k == slot.Config {
		return "the other configuration"
	}
	return update.Thing(k, orUnknown(version))
}

// wentBackWords say that a trial did not last, and what runs instead.
func wentBackWords(k slot.Kind, s slot.State) string {
	return "Went back to " + formerTitle(k, s.Active, s) + " from " + Thing(k, s.Last.Version)
}

// configTitle is a configuration slot by what it is.
func configTitle(n slot.Name) string {
	if n == slot.B {
		return "B, with the candidate’s settings"
	}
	return "A, the stable one"
}

// formerTitle is what going back leads to.
func formerTitle(k slot.Kind, n slot.Name, s slot.State) string {
	switch version := s.Slots[n].Version; {
	case k == slot.Config:
		return "configuration " + strings.ToUpper(string(n))
	case n == slot.Baked:
		return "the program of the system"
	case version == "":
		return "the one of before"
	default:
		return version
	}
}

// runDetail says since when something runs, and what is not tried again.
func runDetail(k slot.Kind, s slot.State, now time.Time, zone *time.Location) string {
	var parts []string
	if last := s.Last; last != nil && last.Kept && last.Slot == s.Active && s.Trial == nil {
		parts = append(parts, sinceWords(last.At, now, zone))
	}
	if k == slot.Agent && s.Runs() == slot.Baked {
		parts = append(parts, "it came with the system")
	}
	if n := len(s.Denied); n > 0 && k != slot.Config {
		var versions []string
		for _, d := range s.Denied[max(0, n-3):] {
			versions = append(versions, d.Version)
		}
		parts = append(parts, "not tried again: "+strings.Join(versions, ", "))
	}
	return capital(strings.Join(parts, "; "))
}

// trialWords say how far a trial is.
func (s *Server) trialWords(k slot.Kind, t *slot.Trial) string {
	words := "it is kept when it has run well for " + spell(s.current().Config.Update.Trial) + "."
	if t.Started == 0 && k != slot.Agent {
		return "It begins with the next start of the device; " + words
	}
	words = "Since " + moment(t.Began, s.o.Now(), s.o.Zone) + "; " + words
	switch t.Tries {
	case 0:
		return words + " It is not started again if it fails."
	case 1:
		return words + " It is started once more if it fails."
	}
	return words + fmt.Sprintf(" It is started up to %d times more if it fails.", t.Tries)
}

// progressOf says what an update is at.
func progressOf(p *update.Progress) *page.ProgressView {
	if p == nil {
		return nil
	}
	words := map[string]string{
		"check": "Looking for newer versions", "download": "Fetching", "patch": "Putting together", "verify": "Checking", "stage": "Putting it where it runs from",
		"try": "Beginning the trial", "install": "Writing the system to the card",
	}[p.Step]
	if words == "" {
		words = "Working"
	}
	if p.Version != "" {
		words += ": " + Thing(p.Kind, p.Version)
	}
	v := page.ProgressView{Words: words, Percent: -1, Detail: p.Words}
	if p.Total > 0 && p.Done >= 0 && p.Done <= p.Total {
		v.Percent = int(100 * p.Done / p.Total)
		if p.Total > 100 {
			v.Detail = fmt.Sprintf("%s of %s", sizeWords(p.Done), sizeWords(p.Total))
		}
	}
	return &v
}

// sizeWords is an amount for a person.
func sizeWords(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%d KB", (n+999)/1000)
	case n < 1e7:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return megabytes(uint64(n))
}

// releaseFacts is what there is to know of a version in one line.
func releaseFacts(r update.Release, now time.Time, zone *time.Location) string {
	var parts []string
	if !r.Published.IsZero() {
		day, _, _ := strings.Cut(moment(r.Published, now, zone), ", ")
		parts = append(parts, "published "+day)
	}
	switch {
	case r.Patch > 0:
		parts = append(parts, sizeWords(r.Patch)+" to fetch")
	case r.Size > 0:
		parts = append(parts, sizeWords(r.Size)+" to fetch")
	}
	if r.Percent < 100 {
		parts = append(parts, fmt.Sprintf("for %d %% of all devices by now", r.Percent))
	}
	return capital(strings.Join(parts, " · "))
}

// checkedWords say when was looked, and when it is looked again.
func (s *Server) checkedWords(u update.Status) string {
	words := "Nobody has looked yet."
	if !u.Checked.IsZero() {
		words = "Last look: " + moment(u.Checked, s.o.Now(), s.o.Zone)
		switch {
		case fromFile(u):
			words += ", in a file that was sent here"
		case u.From != "":
			words += ", in " + withoutSecrets(u.From)
		}
		words += "."
	}
	return words + " " + automaticWords(s.current().Config.Update)
}

// fromFile tells whether the last look was into an uploaded file.
func fromFile(u update.Status) bool { return filepath.Base(u.From) == update.UploadName }

// automaticWords say what is installed without being asked for.
func automaticWords(u config.Update) string {
	what := map[string]string{"agent": "New programs are", "all": "New programs and systems are"}[u.Automatic]
	switch {
	case what == "":
		return "Nothing is installed by itself."
	case u.Window == "":
		return what + " installed by themselves."
	}
	from, to, _ := strings.Cut(u.Window, "-")
	return what + " installed by themselves between " + from + " and " + to + "."
}

// withoutSecrets is an address without what may be secret in it.
func withoutSecrets(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest
}

// changeWords say how a setting differs. What is secret comes as stars.
func changeWords(from, to string) string {
	const secret = "***"
	switch {
	case from == secret && to == secret:
		return "another one, which is not shown"
	case from == secret:
		return "what is set, and not shown → " + orNothing(to)
	case to == secret:
		return orNothing(from) + " → what is set, and not shown"
	}
	return orNothing(from) + " → " + orNothing(to)
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// capital begins with a capital letter.
func capital(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return words
	}
	return string(unicode.ToUpper(first)) + words[size:]
}

// sentenceCase is what others say as a sentence.
func sentenceCase(words string) string {
	words = strings.TrimRight(words, ". ")
	if words == "" {
		return ""
	}
	return capital(words) + "."
}
