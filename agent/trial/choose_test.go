package trial

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calendarbot/agent/slot"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name  string
		baked string
		lay   func(b *board)
		want  []slot.Name // of one start after the other
		said  string
	}{
		{"a device as it comes", "1.0", func(*board) {}, []slot.Name{slot.Baked, slot.Baked}, ""},
		{"kept", "1.0", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }, []slot.Name{slot.A, slot.A}, ""},
		{"on trial, each start is counted", "1.0", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try") },
			[]slot.Name{slot.A, slot.A, slot.A, slot.Baked, slot.Baked}, "program 1.1: it was started 3 times"},
		{"on trial over one that was kept", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.stage(slot.Agent, slot.B, "1.2", "try")
		}, []slot.Name{slot.B, slot.B, slot.B, slot.A, slot.A}, "program 1.2: it was started 3 times"},
		{"the one of the system is newer", "1.2", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }, []slot.Name{slot.Baked, slot.Baked}, "older than that of the system, 1.2"},
		{"the one of the system is as new", "1.1", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }, []slot.Name{slot.A}, ""},
		{"the one of the system is newer than the trial", "1.2", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try") }, []slot.Name{slot.Baked}, "older than that of the system"},
		{"the one of the system has no version", "dev", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }, []slot.Name{slot.A}, ""},
		{"gone", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.remove("data/agent/a/calendarbot")
		}, []slot.Name{slot.Baked, slot.Baked}, "no such file"},
		{"the trial is gone, the one before is there", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.stage(slot.Agent, slot.B, "1.2", "try")
			b.remove("data/agent/b/calendarbot")
		}, []slot.Name{slot.A, slot.A}, "no such file"},
		{"both are gone", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.stage(slot.Agent, slot.B, "1.2", "try")
			b.remove("data/agent")
		}, []slot.Name{slot.Baked, slot.Baked}, "no such file"},
		{"it may not be executed", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try")
			b.chmod("data/agent/a/calendarbot", 0o644)
		}, []slot.Name{slot.Baked}, "cannot be started"},
		{"a link", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try")
			b.remove("data/agent/a/calendarbot")
			b.link("/bin/sh", "data/agent/a/calendarbot")
		}, []slot.Name{slot.Baked}, "cannot be started"},
		{"cut off", "1.0", func(b *board) {
			b.change(slot.Agent, func(s slot.State) (slot.State, error) {
				return s.Stage(slot.A, slot.Content{Version: "1.1", Size: 10, At: b.now})
			})
			b.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Try(slot.A, Tries, "person", b.now) })
		}, []slot.Name{slot.Baked}, "has 9 bytes, not the 10 that were staged"},
		{"empty", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try")
			b.write("data/agent/a/calendarbot", "", 0o755)
		}, []slot.Name{slot.Baked}, "has 0 bytes"},
		{"the state is broken", "1.0", func(b *board) { b.write("data/slots/agent.json", "{", 0o644) }, []slot.Name{slot.Baked, slot.Baked}, "not the state of slots"},
		{"a trial that cannot be counted is not started", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.stage(slot.Agent, slot.B, "1.2", "try")
			b.write("data/slots/agent.json.new/in/the/way", "", 0o644)
		}, []slot.Name{slot.A, slot.A, slot.A, slot.A, slot.A}, "directory not empty"},
		{"nothing can be counted, and what is active is gone", "1.0", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.remove("data/agent/a/calendarbot")
			b.write("data/slots/agent.json.new/in/the/way", "", 0o644)
		}, []slot.Name{slot.Baked}, "directory not empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			c.lay(b)
			var got []slot.Name
			var said []string
			for range c.want {
				file, n, err := b.Choose(c.baked, b.now)
				if err != nil {
					said = append(said, err.Error())
				}
				if file != b.Program(n) {
					t.Errorf("%s for slot %q", file, n)
				}
				got = append(got, n)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if text := strings.Join(said, "\n"); !strings.Contains(text, c.said) || c.said == "" && text != "" {
				t.Errorf("said: %q, want %q", text, c.said)
			}
		})
	}
}

// TestLostProgramsMayComeAgain: what is wrong with a file says nothing against its version.
func TestLostProgramsMayComeAgain(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try")
	b.chmod("data/agent/a/calendarbot", 0o644)
	if _, _, err := b.Choose("1.0", b.now); err == nil {
		t.Error("it cannot be started")
	}
	s := b.state(slot.Agent)
	if s.Trial != nil || len(s.Denied) != 0 || s.Last == nil || s.Last.Version != "1.1" || s.Last.Kept || !strings.Contains(s.Last.Why, "cannot be started") {
		t.Errorf("%+v", s)
	}
	b.stage(slot.Agent, slot.A, "1.1", "try")
}

// TestPowerCutsAreNoProof against a program: only a start that the program ended takes a try.
func TestPowerCutsAreNoProof(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try")
	var got []slot.Name
	for _, boot := range []string{"one", "two", "three", "four", "four", "four", "four"} {
		b.write(bootName, boot+"\n", 0o444)
		_, n, err := b.Choose("1.0", b.now)
		if err != nil {
			b.say("%v", err)
		}
		got = append(got, n)
	}
	if want := []slot.Name{slot.A, slot.A, slot.A, slot.A, slot.A, slot.A, slot.Baked}; !slices.Equal(got, want) || !b.heard("it was started 6 times") {
		t.Errorf("%q, want %q: %q", got, want, b.said)
	}
}

// TestChoosingWritesNothingWithoutATrial: it is done before each start.
func TestChoosingWritesNothingWithoutATrial(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
	before, err := os.Stat(b.path("data/slots/agent.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, n, err := b.Choose("1.0", b.now); n != slot.A || err != nil {
		t.Errorf("%q, %v", n, err)
	}
	if after, err := os.Stat(b.path("data/slots/agent.json")); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written anew: %v", err)
	}
}

func TestPointEndsWithALink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "run", "calendarbot")
	check := func(file string) {
		t.Helper()
		if err := Point(file, link); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(link); got != file || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	check("/one")
	check("/one")
	check("/two")
	if err := os.MkdirAll(filepath.Join(link+".new", "left", "by", "somebody"), 0o755); err != nil {
		t.Fatal(err)
	}
	check("/three")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(link, []byte("a file"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("/four")
	if err := Point("/five", filepath.Join(link, "under")); err == nil || !strings.Contains(err.Error(), "choose the program: ") {
		t.Errorf("%v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "full", "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Point("/six", filepath.Join(dir, "full")); err == nil || !strings.Contains(err.Error(), "choose the program: ") {
		t.Errorf("%v", err)
	}
}

func (b *board) remove(name string) {
	b.t.Helper()
	if err := os.RemoveAll(b.path(name)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *board) chmod(name string, mode os.FileMode) {
	b.t.Helper()
	if err := os.Chmod(b.path(name), mode); err != nil {
		b.t.Fatal(err)
	}
}

func (b *board) link(target, name string) {
	b.t.Helper()
	if err := os.Symlink(target, b.path(name)); err != nil {
		b.t.Fatal(err)
	}
}
