package house

import (
	"slices"
	"strings"
	"testing"
)

const module = "calendarbot"

// order is the lines of agent/ARCHITECTURE.md: a package imports only from lines above its own.
// A new package gets its place here first.
func order() [][]string {
	return [][]string{
		{"agent/calendar", "agent/feature", "agent/durable", "agent/update/patch"},
		{"agent/ics", "agent/view", "agent/config", "agent/pressure", "agent/clock", "agent/slot", "agent/network"},
		{"agent/budget", "agent/guard", "agent/health", "agent/run", "agent/preseed", "agent/overlay", "agent/trial"},
		{"agent/conn"},
		{"agent/store"},
		{"agent/feed", "agent/page", "agent/update"},
		{"agent/web", "agent/update/repository", "agent/update/publish"},
		{"agent/update/install"},
		{"agent", "agent/updater"},
	}
}

// tool tells whether a folder is beside the program: it imports what it needs, and the program
// imports nothing of it.
func tool(dir string) bool {
	for _, top := range []string{"agent/house", "agent/differential", "agent/ics/gen", "image", "scripts", "hwtest"} {
		if dir == top || strings.HasPrefix(dir, top+"/") {
			return true
		}
	}
	return false
}

// line is the place of a package in the order; -1 when it has none.
func line(dir string) int {
	return slices.IndexFunc(order(), func(line []string) bool { return slices.Contains(line, dir) })
}

func TestEveryPackageHasItsPlace(t *testing.T) {
	for _, s := range repository(t).sources {
		if line(s.dir()) < 0 && !tool(s.dir()) {
			t.Errorf("%s: the folder is in no line of the import order and is no tool", s.path)
		}
	}
}

func TestImportsGoUpTheOrder(t *testing.T) {
	for _, s := range repository(t).sources {
		own := line(s.dir())
		if own < 0 || s.test() {
			continue
		}
		for _, name := range s.imports(t) {
			dir, ours := strings.CutPrefix(name, module+"/")
			if !ours || dir == s.dir() {
				continue
			}
			if at := line(dir); at < 0 || at >= own {
				t.Errorf("%s imports %s, which is not above it in the import order", s.path, dir)
			}
		}
	}
}
