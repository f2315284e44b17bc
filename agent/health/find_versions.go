package health

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Versions is how what runs, what is tried and what is newer stands. The zero value is of an installation that has no slots.
type Versions struct {
	Back      []WentBack
	Trial     string        // what is on trial, such as "version 1.2.3 of the program"; ""
	TrialFor  time.Duration // how long it is kept an eye on at least
	Checks    bool          // the device is to look for newer versions
	Checked   time.Time     // when it did so last; zero: never
	Running   time.Duration // how long the system runs
	Code      string        // why the last check did not work, as a word; ""
	Problem   string        // the same as a sentence
	ByHand    bool          // that check was of what a person brought: a file that was sent, or a stick
	Conflicts []string      // keys and files in which the person's own holds, though a newer system came with something else
}

// WentBack is a trial that did not last, and of which nobody took note.
type WentBack struct {
	What  string // what was tried, such as "version 1.2.3 of the program"
	Words string // what runs instead, and why, as a sentence
}

// uncheckedAfter is how long nobody looks for newer versions until that is a problem.
const uncheckedAfter = 14 * 24 * time.Hour

// attacks are the codes of checks that were refused for the sake of security.
func attacks() []string {
	return []string{"unsigned", "wrong_key", "below_threshold", "expired", "rolled_back", "mixed", "too_long", "too_slow", "too_many", "wrong_hash", "wrong_length", "bad_name", "insecure"}
}

// versions tells of trials, of checks, and of what differs after an upgrade.
func (l *list) versions(v *Versions, now time.Time) {
	for _, b := range v.Back {
		l.add(TrialWentBack, b.What, b.Words)
	}
	switch {
	case v.Code == "":
	case v.ByHand:
		l.add(UploadRefused, "", v.Problem)
	case slices.Contains(attacks(), v.Code):
		l.add(UpdateRefused, "", v.Problem)
	}
	if v.Checks {
		switch since := now.Sub(v.Checked); {
		case v.Checked.IsZero():
			l.when(v.Running > uncheckedAfter, UpdateUnchecked, "", "Nobody has looked for newer versions yet, though the device has run for "+spell(v.Running)+".")
		case since > uncheckedAfter:
			l.add(UpdateUnchecked, "", "It was looked for newer versions "+spell(since)+" ago for the last time.")
		}
	}
	if n := len(v.Conflicts); n > 0 {
		const most = 3
		named := strings.Join(v.Conflicts[:min(n, most)], ", ")
		if n > most {
			named += fmt.Sprintf(" and %d more", n-most)
		}
		l.add(ConfigConflict, "", "What was set here holds, though the new system came with something else: "+named+".")
	}
	l.when(v.Trial != "", TrialRuns, "", strings.TrimSuffix(sentence(v.Trial), ".")+" is on trial: it is kept when it runs well for "+lasting(v.TrialFor)+"; else what ran before comes back by itself.")
}

// lasting is a length of time in words.
func lasting(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d/time.Minute))
	}
	return fmt.Sprintf("%d seconds", int(d/time.Second))
}
