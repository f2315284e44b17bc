package overlay

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
)

func TestAnyTroubleLeavesASlotToMount(t *testing.T) {
	onTrial := `{"active":"a","trial":{"slot":"b","version":"v","tries":2,"started":0,"began":"2026-03-09T08:00:00Z"},"slots":{"b":{"version":"v","format":%,"at":"2026-03-09T08:00:00Z"}}}`
	for _, c := range []struct {
		name   string
		lay    func(b board)
		want   slot.Name
		reason string // "" for none
	}{
		{"a new device", func(board) {}, slot.A, ""},
		{"nothing at all", func(b board) { b.must(os.RemoveAll(b.root)) }, slot.A, ""},
		{"a broken state", func(b board) { b.put("data/slots/config.json", "{") }, slot.A, ""},
		{"a file for the data", func(b board) { b.must(os.RemoveAll(filepath.Join(b.root, "data"))); b.put("data", "") }, slot.A, "not a directory"},
		{"a file for the slots' states", func(b board) { b.put("data/slots", "") }, slot.A, "data/slots"},
		{"a file for a slot", func(b board) { b.put("data/config/a", "") }, slot.A, "data/config/a"},
		{"b is active", func(b board) { b.put("data/slots/config.json", `{"active":"b","former":"a"}`) }, slot.B, ""},
		{"b is active and its tree is no folder", func(b board) {
			b.put("data/slots/config.json", `{"active":"b","former":"a"}`)
			b.put("data/config/b", "")
		}, slot.B, "data/config/b"},
		{"a trial", func(b board) { b.put("data/slots/config.json", strings.ReplaceAll(onTrial, "%", "1")) }, slot.B, ""},
		{"a trial of what a newer program made", func(b board) { b.put("data/slots/config.json", strings.ReplaceAll(onTrial, "%", "2")) }, slot.A, "slot b is of format 2; this program reads 1 at most"},
		{"what a newer program made is active", func(b board) {
			b.put("data/slots/config.json", `{"active":"b","slots":{"b":{"version":"v","format":2,"at":"2026-03-09T08:00:00Z"}}}`)
		}, slot.A, "slot b is of format 2"},
		{"a newer program made both", func(b board) {
			b.put("data/slots/config.json", `{"active":"b","slots":{"a":{"format":2,"at":"2026-03-09T08:00:00Z"},"b":{"format":2,"at":"2026-03-09T08:00:00Z"}}}`)
		}, slot.B, "slot b is of format 2"},
		{"conflicts that cannot be read", func(b board) { b.put("data/config/a/conflicts.json", "{") }, slot.A, ""},
		{"a folder for the text", func(b board) {
			b.must(os.MkdirAll(filepath.Join(b.root, upperA, agentFile, "x"), 0o755))
		}, slot.A, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			c.lay(b)
			n, err := selected(b.root)
			if n != c.want {
				t.Errorf("chose %s, want %s", n, c.want)
			}
			if (c.reason == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Errorf("the reason is %v", err)
			}
			if again, _ := selected(b.root); again != c.want {
				t.Errorf("chose %s, then %s", n, again)
			}
			b.t.Log(Show(b.root).Wrong)
		})
	}
}

func (b board) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestATrialThatCannotBeCountedIsNotGoneOnWith, as it would have no end.
func TestATrialThatCannotBeCountedIsNotGoneOnWith(t *testing.T) {
	b := newBoard(t)
	b.start()
	if _, err := Set(b.root, map[string]string{"display.days": "14"}, now()); err != nil {
		t.Fatal(err)
	}
	b.obey("try")
	b.remount("ro")
	if n, err := selected(b.root); n != slot.A || err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("chose %s, %v", n, err)
	}
	b.remount("rw")
	if n := b.start(); n != slot.B {
		t.Errorf("started %s", n)
	}
}

// remount makes the data partition a file system of its own: read-only, or writable again.
func (b board) remount(how string) {
	b.t.Helper()
	data := filepath.Join(b.root, "data")
	if how == "ro" {
		b.t.Cleanup(func() {
			if out, err := exec.Command("umount", data).CombinedOutput(); err != nil {
				b.t.Logf("umount: %v: %s", err, out)
			}
		})
		if out, err := exec.Command("mount", "--bind", data, data).CombinedOutput(); err != nil {
			b.t.Skipf("nothing can be mounted here: %v: %s", err, out)
		}
	}
	if out, err := exec.Command("mount", "-o", "remount,bind,"+how, data).CombinedOutput(); err != nil {
		b.t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
}

// TestAFullDataPartitionLeavesASlotToMount.
func TestAFullDataPartitionLeavesASlotToMount(t *testing.T) {
	b := newBoard(t)
	data := filepath.Join(b.root, "data")
	b.must(os.MkdirAll(data, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=8", "overlay-test", data).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", data).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	n, err := selected(b.root)
	if n != slot.A || err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("chose %s, %v", n, err)
	}
}
