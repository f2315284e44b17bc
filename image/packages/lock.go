package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"calendarbot/scripts/debian"
)

// lock says which packages an image was made of.
type lock struct {
	mark string // of the list that it was made for
	debs []debian.Deb
}

// header begins a lock; what it was made for follows.
const header = `# The Debian packages that the image is made of: name, version, SHA-256 of the package, architecture.
# Made by "make image-lock"; not to be edited.
# list `

// String is the lock as a file.
func (l lock) String() string {
	var text strings.Builder
	text.WriteString(header + l.mark + "\n")
	for _, d := range l.debs {
		fmt.Fprintln(&text, d.Name, d.Version, d.SHA256, d.Architecture)
	}
	return text.String()
}

// readLock reads what String wrote.
func readLock(text string) (lock, error) {
	var l lock
	number := 0
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if mark, found := strings.CutPrefix(line, "# list "); found {
			l.mark = mark
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 4 || seen[f[0]] || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(f[2]) {
			return lock{}, fmt.Errorf("read the lock: line %d: want a new name, version, SHA-256 and architecture, got %q", number, line)
		}
		seen[f[0]] = true
		l.debs = append(l.debs, debian.Deb{Name: f[0], Version: f[1], SHA256: f[2], Architecture: f[3]})
	}
	slices.SortFunc(l.debs, byName)
	return l, nil
}

func byName(x, y debian.Deb) int { return strings.Compare(x.Name, y.Name) }

// versions are those of a lock, by name.
func (l lock) versions() map[string]string {
	all := map[string]string{}
	for _, d := range l.debs {
		all[d.Name] = d.Version
	}
	return all
}

// compare says in a line each how packages differ from those that are locked. A package whose content changed under
// one version is an error: no honest archive does that.
func (l lock) compare(debs []debian.Deb) (differences []string, err error) {
	locked, chosen := map[string]debian.Deb{}, map[string]bool{}
	for _, d := range l.debs {
		locked[d.Name] = d
	}
	for _, d := range debs {
		chosen[d.Name] = true
		was, known := locked[d.Name]
		switch {
		case !known:
			differences = append(differences, fmt.Sprintf("%s: %s is not locked", d.Name, d.Version))
		case was.Version != d.Version || was.Architecture != d.Architecture:
			differences = append(differences, fmt.Sprintf("%s: %s is locked, and the mirror has %s", d.Name, was.Version, d.Version))
		case was.SHA256 != d.SHA256:
			return nil, fmt.Errorf("compare with the lock: %s has the SHA-256 %s on the mirror and %s in the lock", d.File(), d.SHA256, was.SHA256)
		}
	}
	for _, d := range l.debs {
		if !chosen[d.Name] {
			differences = append(differences, fmt.Sprintf("%s: %s is locked, and not needed any more", d.Name, d.Version))
		}
	}
	slices.Sort(differences)
	return differences, nil
}
