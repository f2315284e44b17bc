package main

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// list is what an image is made of.
type list struct {
	whole []string // packages that come with all that they need
	lone  []string // packages that come alone
}

// readList reads one package a line: its name, or "only: NAME" for a package without what it needs; of a metapackage
// the first package that it depends on comes too. What follows a # is a comment.
func readList(text string) (list, error) {
	var l list
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		name, lone := strings.CutPrefix(strings.TrimSpace(line), "only:")
		name = strings.TrimSpace(name)
		switch {
		case name == "" && !lone:
			continue
		case !regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`).MatchString(name):
			return list{}, fmt.Errorf("read the list of packages: line %d: %q is no name of a package", number, name)
		case slices.Contains(l.whole, name) || slices.Contains(l.lone, name):
			return list{}, fmt.Errorf("read the list of packages: line %d: %s is there twice", number, name)
		case lone:
			l.lone = append(l.lone, name)
		default:
			l.whole = append(l.whole, name)
		}
	}
	if len(l.whole)+len(l.lone) == 0 {
		return list{}, fmt.Errorf("read the list of packages: it is empty")
	}
	slices.Sort(l.whole)
	slices.Sort(l.lone)
	return l, nil
}

// mark is the same for two lists that ask for the same.
func (l list) mark() string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, release, architecture, components(), l.whole, l.lone)))
}
