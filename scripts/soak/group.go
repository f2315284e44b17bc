package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What the processes in a cramped group may have together. The kernel holds them back above the first, where it can, and kills at
// the second.
const (
	highBytes  = 58 << 20
	limitBytes = 64 << 20
)

// errNoGroup says that this machine does not let a program make a control group.
var errNoGroup = errors.New("no control group with a memory limit can be made here")

// group is a control group for memory.
type group struct {
	dir     string
	version int // 1 cannot hold back and is not read by the agent; 2
}

// newGroup makes one, of version 2 where memory is accounted there.
func newGroup(name string) (*group, error) {
	const top = "/sys/fs/cgroup"
	g := &group{dir: filepath.Join(top, "memory", name), version: 1}
	values := map[string]int{"memory.limit_in_bytes": limitBytes}
	if have, err := os.ReadFile(top + "/cgroup.controllers"); err == nil {
		if !strings.Contains(string(have), "memory") {
			return nil, fmt.Errorf("%w: version 2 has no memory controller", errNoGroup)
		}
		if err := os.WriteFile(top+"/cgroup.subtree_control", []byte("+memory"), 0o644); err != nil {
			return nil, fmt.Errorf("%w: %w", errNoGroup, err)
		}
		g = &group{dir: filepath.Join(top, name), version: 2}
		values = map[string]int{"memory.high": highBytes, "memory.max": limitBytes, "memory.swap.max": 0}
	}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoGroup, err)
	}
	for file, value := range values {
		err := os.WriteFile(filepath.Join(g.dir, file), []byte(strconv.Itoa(value)), 0o644)
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && file == "memory.swap.max") { // a kernel without swap
			return nil, errors.Join(fmt.Errorf("%w: %w", errNoGroup, err), g.remove())
		}
	}
	return g, nil
}

// enter is a command in front of another one that puts it into the group.
func (g *group) enter() []string {
	return []string{"sh", "-ec", "echo $$ >'" + filepath.Join(g.dir, "cgroup.procs") + `'; exec "$@"`, "sh"}
}

// used is what is in use, without what the kernel can drop at once, and that.
func (g *group) used() (used, droppable uint64, err error) {
	file, field := "memory.current", "inactive_file"
	if g.version == 1 {
		file, field = "memory.usage_in_bytes", "total_inactive_file"
	}
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		return 0, 0, err
	}
	if used, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err != nil {
		return 0, 0, err
	}
	droppable, err = g.stat(field)
	droppable = min(droppable, used)
	return used - droppable, droppable, err
}

// stat is a field of memory.stat, in bytes.
func (g *group) stat(name string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(g.dir, "memory.stat"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return strconv.ParseUint(value, 10, 64)
		}
	}
	return 0, fmt.Errorf("read memory.stat: there is no %s", name)
}

// remove takes the group away; those inside have ended.
func (g *group) remove() error {
	err := os.Remove(g.dir)
	for tries := 0; err != nil && !errors.Is(err, fs.ErrNotExist) && tries < 50; tries++ {
		time.Sleep(20 * time.Millisecond) // the kernel needs a moment after the last has left
		err = os.Remove(g.dir)
	}
	return err
}

// mirror is a fixture that shows a group of version 1 as one of version 2, so that the agent can read what really is in use.
type mirror struct {
	group *group
	dir   string // of the fixture's group
}

// newMirror copies a fixture to root.
func newMirror(g *group, fixture, root string) (*mirror, error) {
	if err := os.CopyFS(root, os.DirFS(fixture)); err != nil {
		return nil, fmt.Errorf("copy a fixture (--roots): %w", err)
	}
	m := &mirror{group: g}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Base(path) == "memory.high" {
			m.dir = filepath.Dir(path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if m.dir == "" {
		return nil, fmt.Errorf("copy a fixture: %s has no memory.high", fixture)
	}
	if err := replace(filepath.Join(m.dir, "memory.high"), strconv.Itoa(highBytes)+"\n"); err != nil {
		return nil, err
	}
	return m, errors.Join(replace(filepath.Join(m.dir, "memory.max"), strconv.Itoa(limitBytes)+"\n"), m.copy())
}

// copy shows what is in use now.
func (m *mirror) copy() error {
	used, droppable, err := m.group.used()
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(m.dir, "memory.stat"), fmt.Sprintf("anon %d\nfile %d\ninactive_file %d\n", used, droppable, droppable)); err != nil {
		return err
	}
	return replace(filepath.Join(m.dir, "memory.current"), fmt.Sprintln(used+droppable))
}
