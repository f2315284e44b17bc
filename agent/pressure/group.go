package pressure

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/procfs"
)

// Why the unit's memory is not known, in words for a person.
const (
	noGroup      = "no control groups in this system: what the service takes is told from the program alone"
	firstVersion = "the control groups of this system are of version 1: what the service takes is told from the program alone"
	noMemory     = "no memory control group in this kernel (it may need cgroup_enable=memory): what the service takes is told from the program alone"
	noUnit       = "the program does not run in a unit of its own: what the service takes is told from the program alone"
)

// group is where the unit's files are.
type group struct {
	dir     string // "" when there is none, or when it is the root
	memory  bool   // it has memory.current
	missing string
}

// findGroup looks for the program's own cgroup. The table of mounts is read by procfs: there a path may be of a container, with
// optional fields in between.
func findGroup(root string) group {
	own, err := os.ReadFile(filepath.Join(root, "/proc/self/cgroup"))
	if err != nil {
		return group{missing: noGroup}
	}
	path, first := ownGroup(own)
	none := noGroup
	if first {
		none = firstVersion
	}
	proc, err := procfs.NewFS(filepath.Join(root, "/proc"))
	if err != nil {
		return group{missing: none}
	}
	mounts, err := proc.GetMounts()
	if err != nil || path == "" {
		return group{missing: none}
	}
	for _, m := range mounts {
		if m.FSType != "cgroup2" {
			continue
		}
		inside, ok := within(path, m.Root)
		if !ok {
			continue
		}
		g := group{dir: filepath.Join(root, m.MountPoint, inside)}
		if _, err := os.Stat(filepath.Join(g.dir, "memory.current")); err == nil {
			g.memory = true
			return g
		}
		controllers, err := os.ReadFile(filepath.Join(g.dir, "cgroup.controllers"))
		if _, none := os.Stat(filepath.Join(g.dir, "cgroup.type")); none != nil {
			g.dir = "" // only the root has no type: its figures are those of the whole machine
		}
		switch {
		case first:
			g.missing = firstVersion
		case err == nil && !bytes.Contains(controllers, []byte("memory")):
			g.missing = noMemory
		default:
			g.missing = noUnit
		}
		return g
	}
	return group{missing: none}
}

// within is a path as it is seen in a mount that shows what is below a root.
func within(path, root string) (string, bool) {
	if root == "/" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, root)
	return rest, ok && (rest == "" || rest[0] == '/')
}
