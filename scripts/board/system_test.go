package board

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSystemIsChangedWithoutMountingIt changes a file system as the bad systems are.
func TestSystemIsChangedWithoutMountingIt(t *testing.T) {
	for _, tool := range []string{"mkfs.ext4", "debugfs"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	folder := t.TempDir()
	tree, file := filepath.Join(folder, "tree"), filepath.Join(folder, "system.ext4")
	for name, text := range map[string]string{"boot/initramfs": "old", "usr/bin/calendarbot": "good"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := output(t.Context(), "mkfs.ext4", "-q", "-d", tree, file, "8M"); err != nil {
		t.Fatal(err)
	}
	s := System{file}
	bad, got := filepath.Join(folder, "bad"), filepath.Join(folder, "got")
	if err := os.WriteFile(bad, []byte("bad"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"/usr/bin/calendarbot", "/usr/bin/new"} {
		if err := s.Put(t.Context(), bad, to, "755"); err != nil {
			t.Fatal(err)
		}
		if err := s.Get(t.Context(), to, got); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(got); err != nil || string(text) != "bad" {
			t.Errorf("%s holds %q, %v", to, text, err)
		}
	}
	if err := s.Put(t.Context(), bad, "/nowhere/file", "644"); err == nil {
		t.Error("a file was put where no folder is")
	}
	if err := s.Script(t.Context(), "exit 1\n"); err != nil {
		t.Fatal(err)
	}
	if err := s.Get(t.Context(), "/boot/initramfs", got); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(got)
	if err != nil || !strings.HasPrefix(string(text), "old\x00070701") || !strings.Contains(string(text), "exit 1") || len(text)%4 != 0 {
		t.Errorf("the initramfs is %q, %v", text, err)
	}
	if _, err := output(t.Context(), "e2fsck", "-fn", file); err != nil {
		t.Error(err)
	}
}
